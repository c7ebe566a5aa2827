{{- define "snapkeep.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What the pods that serve HTTP have in common; the pod of `helm test` bears another name. */}}
{{- define "snapkeep.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* What all pods have in common. */}}
{{- define "snapkeep.releaseLabels" -}}
app.kubernetes.io/part-of: snapkeep
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "snapkeep.labels" -}}
{{ include "snapkeep.selectorLabels" . }}
app.kubernetes.io/part-of: snapkeep
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "snapkeep.serviceAccountName" -}}
{{- default (include "snapkeep.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "snapkeep.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Names of the parts, each a Deployment. */}}
{{- define "snapkeep.parts" -}}
{{- eq .Values.mode "all" | ternary "all" "scheduler worker" -}}
{{- end -}}

{{/* Numbers as text, each once; takes a list of lists of texts and numbers. Values come as floats: 1e+06 is 1000000. */}}
{{- define "snapkeep.ports" -}}
{{- $ports := list -}}
{{- range . -}}{{- range . -}}{{- $ports = append $ports (int .) -}}{{- end -}}{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}

{{/* Ports that the address of Redis names, or means by naming none. */}}
{{- define "snapkeep.redisPorts" -}}
{{- $ports := list -}}
{{- $url := .Values.redis.url -}}
{{- if .Values.redis.urlSecret.name -}}
{{- $ports = list 6379 -}}
{{- else -}}
{{- $sentinel := contains "+sentinel:" $url -}}
{{- $hosts := regexReplaceAll "^[a-z+]+://([^@/]*@)?([^/]*).*$" $url "${2}" -}}
{{- range splitList "," $hosts -}}
{{- $port := regexFind ":[0-9]+$" . | trimPrefix ":" -}}
{{- $ports = append $ports (default ($sentinel | ternary "26379" "6379") $port) -}}
{{- end -}}
{{- if $sentinel -}}{{- $ports = append $ports "6379" -}}{{- end -}}
{{- end -}}
{{- include "snapkeep.ports" (list $ports .Values.networkPolicy.redisPorts) -}}
{{- end -}}

{{/* Ports that the URLs of the targets name, or mean by naming none; and 443. */}}
{{- define "snapkeep.cloudPorts" -}}
{{- $ports := list "443" -}}
{{- range .Values.config.targets -}}
{{- range compact (list .endpoint .auth.identityEndpoint) -}}
{{- $authority := regexReplaceAll "^[a-z]+://([^/?#]*).*$" . "${1}" -}}
{{- $port := regexFind ":[0-9]+$" $authority | trimPrefix ":" -}}
{{- $ports = append $ports (default (hasPrefix "http://" . | ternary "80" "443") $port) -}}
{{- end -}}
{{- end -}}
{{- include "snapkeep.ports" (list $ports .Values.networkPolicy.cloudPorts) -}}
{{- end -}}
