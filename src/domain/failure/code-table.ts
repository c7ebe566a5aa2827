import type { FailureKind } from './failure.ts';

export interface CodeRow {
  readonly kind: FailureKind;
  /** The token is what the cloud objects to: another one is to be used from now on. */
  readonly renew?: true;
}

type Rows = Readonly<Record<string, CodeRow>>;

function rows(kind: FailureKind, codes: string): Rows {
  return Object.fromEntries(codes.split(/\s+/).map((code) => [code, { kind }]));
}

function renewing(kind: FailureKind, codes: string): Rows {
  return Object.fromEntries(codes.split(/\s+/).map((code) => [code, { kind, renew: true as const }]));
}

/** EVS API reference, error codes. EVS.5400 and EVS.5404 are absent: their meaning is in the text and the status. */
const EVS: Rows = {
  ...renewing('auth', 'EVS.0002 EVS.5401'),
  ...rows('auth', 'EVS.0003 EVS.1027 EVS.2056 EVS.2144 EVS.2145 EVS.5403'),
  ...rows('invalid', 'EVS.0001 EVS.1002 EVS.1003 EVS.1004 EVS.1005 EVS.1012 EVS.1013 EVS.1018 EVS.1023 EVS.1024 EVS.1031 EVS.1032 EVS.1052 EVS.1070'),
  ...rows('invalid', 'EVS.2019 EVS.2020 EVS.2024 EVS.2025 EVS.2026 EVS.2045 EVS.2047 EVS.2089 EVS.2093 EVS.2108 EVS.2142'),
  // Keys of encrypted volumes: disabled, missing, or no grant.
  ...rows('invalid', 'EVS.2040 EVS.2041 EVS.2055 EVS.2105 EVS.2143'),
  ...rows('transient', 'EVS.1033 EVS.2042 EVS.2044'),
  ...rows('transient', 'EVS.2001 EVS.2002 EVS.2005 EVS.2007 EVS.2011 EVS.2014 EVS.2023 EVS.5500 EVS.5503'),
  ...renewing('transient', 'EVS.2010 EVS.2013 EVS.2034 EVS.2035 EVS.2036'),
  ...rows('conflict', 'EVS.1047 EVS.2043 EVS.2068 EVS.2130 EVS.2409'),
  ...rows('quota', 'EVS.1034 EVS.1042 EVS.5413'),
  ...renewing('auth', 'Common.0013'),
  ...rows('invalid', 'Common.0018'),
};

/** API gateway, error codes: these answers come from in front of the service, which never saw the call. */
const GATEWAY: Rows = Object.fromEntries(
  Object.entries({
    ...rows('invalid', '0101'),
    ...rows('transient', '0103 0104 0105 0106 0202 0203 0601 0606 0608 0613'),
    ...renewing('auth', '0301 0305 0307'),
    ...rows('auth', '0302 0303 0304 0306 0310 0401 0402 0802'),
    ...rows('throttled', '0308'),
  }).flatMap(([number, row]) => [
    [`APIGW.${number}`, row],
    [`APIG.${number}`, row],
  ]),
);

/** IAM error codes. */
const IAM: Rows = {
  ...rows('auth', 'IAM.0001 IAM.0002 IAM.0003 IAM.0061 IAM.0062 IAM.0080 IAM.0081 IAM.0082 IAM.0083 IAM.1105 IAM.1107'),
  ...renewing('auth', 'IAM.0066 IAM.0067 IAM.1108'),
  ...rows('invalid', 'IAM.0004'),
  ...rows('conflict', 'IAM.0005'),
  ...rows('transient', 'IAM.0006 IAM.0020'),
  ...rows('throttled', 'IAM.0012'),
};

const TABLE: ReadonlyMap<string, CodeRow> = new Map(Object.entries({ ...EVS, ...GATEWAY, ...IAM }));

/** What a code of the cloud's means by itself; null where the status or the text decides. */
export function codeRow(code: string): CodeRow | null {
  return TABLE.get(code) ?? null;
}

/** All codes with a meaning of their own. */
export function knownCodes(): readonly string[] {
  return [...TABLE.keys()];
}
