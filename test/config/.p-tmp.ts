import { loadPolicies } from '#config/load-policies';
import { instant } from '#domain/time';
import { parseYaml } from '#config/yaml-source';
import { PolicyFile } from '#config/policy-schema';
import { readFileSync } from 'node:fs';
for (let k=0;k<Number(process.env.K??3);k++){ const c0=process.cpuUsage(); let t=performance.now(); const r=await loadPolicies(['/tmp/pf/perf.yaml'],{now:instant(Date.UTC(2026,10,24+k))}); console.log(r.ok, r.ok&&r.warnings.length, 'total',performance.now()-t,'cpu',process.cpuUsage(c0));
 t=performance.now(); const s=parseYaml('x',readFileSync('/tmp/pf/perf.yaml','utf8')); console.log('yaml',performance.now()-t); t=performance.now(); PolicyFile.safeParse(s.value); console.log('zod',performance.now()-t);}
