{{/* What Kubernetes calls the restricted profile; the container's share of it is below. */}}
{{- define "snapkeep.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "snapkeep.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Where the process runs, for the service and `helm test` alike. */}}
{{- define "snapkeep.podBase" -}}
serviceAccountName: {{ include "snapkeep.serviceAccountName" . }}
automountServiceAccountToken: false
# For a Service called snapkeep, Kubernetes would set SNAPKEEP_PORT, which is the twin of --port, to tcp://…
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "snapkeep.podSecurityContext" . | nindent 2 }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "snapkeep.redisEnv" -}}
- name: SNAPKEEP_REDIS
  {{- if .Values.redis.urlSecret.name }}
  valueFrom:
    secretKeyRef:
      name: {{ .Values.redis.urlSecret.name | quote }}
      key: {{ .Values.redis.urlSecret.key | quote }}
  {{- else }}
  value: {{ .Values.redis.url | quote }}
  {{- end }}
{{- end -}}

{{/* What the policies refer to. */}}
{{- define "snapkeep.env" -}}
{{- range .Values.secretEnv }}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret | quote }}
      key: {{ .key | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Whole directories throughout: Kubernetes never updates a single file that is mounted by subPath. */}}
{{- define "snapkeep.mounts" -}}
- name: config
  mountPath: /etc/snapkeep
  readOnly: true
{{- if .Values.credentialsSecret }}
- name: credentials
  mountPath: /var/run/secrets/snapkeep
  readOnly: true
{{- end }}
{{- end -}}

{{- define "snapkeep.volumes" -}}
- name: config
  configMap:
    name: {{ include "snapkeep.fullname" . }}
{{- if .Values.credentialsSecret }}
- name: credentials
  secret:
    secretName: {{ .Values.credentialsSecret | quote }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{/* Secrets of the service itself: one key each, as a file that the flag of that name points to. */}}
{{- define "snapkeep.serviceSecrets" -}}
{{- $secrets := dict "redis-password-file" .Values.redis.passwordSecret "redis-ca-file" .Values.redis.caSecret "admin-token-file" .Values.adminTokenSecret -}}
{{- range $flag, $secret := $secrets -}}{{- if not $secret.name -}}{{- $secrets = omit $secrets $flag -}}{{- end -}}{{- end -}}
{{- $secrets | toJson -}}
{{- end -}}
