import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from '@swc/core';
import type { TsInterfaceDeclaration, TsType, TsTypeElement } from '@swc/core';
import { EVENTS } from '#app/events';

const SOURCE = fileURLToPath(new URL('../../src/app/events.ts', import.meta.url));
export const README = fileURLToPath(new URL('../../README.md', import.meta.url));

const BEGIN = '<!-- events: written by `npm run docs:events` from src/app/events.ts -->';
const END = '<!-- /events -->';

/** The catalogue of events as a Markdown table: what each means, how loud it is, and its fields; `?` where one may be absent. */
export async function eventsTable(): Promise<string> {
  const fields = fieldsOf(await interfacesIn(await readFile(SOURCE, 'utf8')));
  const rows = Object.entries(EVENTS).map(([event, { level, message }]) => {
    const named = fields.get(event);
    if (named === undefined) throw new Error(`${event} has no fields in EventFields`);
    return `| \`${event}\` | ${level} | ${message} | ${named.map((field) => `\`${field}\``).join(' ')} |`;
  });
  return ['| event | level | what happened | fields |', '|---|---|---|---|', ...rows].join('\n');
}

/** The text with the table between its markers. Throws where it has no markers. */
export function withTable(text: string, table: string): string {
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`no "${BEGIN}" followed by "${END}"`);
  return `${text.slice(0, from + BEGIN.length)}\n${table}\n${text.slice(to)}`;
}

async function interfacesIn(source: string): Promise<ReadonlyMap<string, TsInterfaceDeclaration>> {
  const { body } = await parse(source, { syntax: 'typescript' });
  const declarations = body.map((item) => (item.type === 'ExportDeclaration' ? item.declaration : item)).filter((item) => item.type === 'TsInterfaceDeclaration');
  return new Map(declarations.map((declaration) => [declaration.id.value, declaration]));
}

function fieldsOf(interfaces: ReadonlyMap<string, TsInterfaceDeclaration>): ReadonlyMap<string, readonly string[]> {
  const all = interfaces.get('EventFields');
  if (all === undefined) throw new Error('there is no interface EventFields');
  return new Map(all.body.body.map((member) => [keyOf(member), inType(typeOf(member))]));

  function inType(type: TsType): string[] {
    if (type.type === 'TsIntersectionType') return type.types.flatMap(inType);
    if (type.type === 'TsTypeLiteral') return type.members.map(fieldOf);
    if (type.type === 'TsTypeReference' && type.typeName.type === 'Identifier') return inInterface(type.typeName.value);
    throw new Error(`a type that the table does not know: ${type.type}`);
  }

  function inInterface(name: string): string[] {
    const found = interfaces.get(name);
    if (found === undefined) throw new Error(`there is no interface ${name}`);
    const inherited = found.extends.flatMap(({ expression }) => (expression.type === 'Identifier' ? inInterface(expression.value) : []));
    return [...inherited, ...found.body.body.map(fieldOf)];
  }
}

/** A null field is left out of a log line. */
function fieldOf(member: TsTypeElement): string {
  const type = typeOf(member);
  const mayBeNull = type.type === 'TsUnionType' && type.types.some((each) => each.type === 'TsKeywordType' && each.kind === 'null');
  return `${keyOf(member)}${mayBeNull ? '?' : ''}`;
}

function keyOf(member: TsTypeElement): string {
  if (member.type === 'TsPropertySignature' && (member.key.type === 'Identifier' || member.key.type === 'StringLiteral')) return member.key.value;
  throw new Error(`a member that the table does not know: ${member.type}`);
}

function typeOf(member: TsTypeElement): TsType {
  const type = member.type === 'TsPropertySignature' ? member.typeAnnotation?.typeAnnotation : undefined;
  if (type === undefined) throw new Error(`a member without a type: ${member.type}`);
  return type;
}

if (import.meta.main) await writeFile(README, withTable(await readFile(README, 'utf8'), await eventsTable()));
