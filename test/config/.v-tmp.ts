import { runValidate } from '#cli/validate';
import { instant } from '#domain/time';
const paths=process.argv.slice(2).filter(a=>!a.startsWith('--'));
process.exitCode=await runValidate({paths,strict:process.argv.includes('--strict'),json:process.argv.includes('--json')},{stdout:process.stdout,stderr:process.stderr,isTty:!process.argv.includes('--no-tty'),now:instant(Date.UTC(2026,10,24))});
