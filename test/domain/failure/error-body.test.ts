import { describe, expect, it } from 'vitest';
import { parseErrorBody } from '#domain/failure/error-body';

const none = { code: null, wrapper: null, message: null, requestId: null, isHtml: false };

describe('parseErrorBody', () => {
  it.each<[string, string, Partial<typeof none> | object]>([
    ['EVS', '{"error":{"code":"EVS.5400","message":"m"}}', { code: 'EVS.5400', message: 'm' }],
    ['Cinder, code a number', '{"badRequest":{"message":"m","code":400}}', { wrapper: 'badRequest', message: 'm' }],
    ['EVS as Cinder, code a text', '{"itemNotFound":{"message":"m","code":"404"}}', { wrapper: 'itemNotFound', message: 'm' }],
    ['Cinder, with details', '{"overLimitFault":{"code":413,"message":"m","details":"d"}}', { wrapper: 'overLimitFault', message: 'm d' }],
    ['a wrapper nobody knows', '{"foo":{"message":"m","code":400}}', { message: 'm' }],
    ['gateway', '{"error_code":"APIGW.0308","error_msg":"m","request_id":"r"}', { code: 'APIGW.0308', message: 'm', requestId: 'r' }],
    ['IAM', '{"error_msg":"m","error_code":"IAM.0002"}', { code: 'IAM.0002', message: 'm' }],
    ['Keystone', '{"error":{"code":401,"message":"m","title":"Unauthorized"}}', { message: 'm' }],
    ['flat', '{"errCode":"EVS.1002","errMsg":"m"}', { code: 'EVS.1002', message: 'm' }],
    ['flat, other spelling', '{"code":"EVS.1002","message":"m"}', { code: 'EVS.1002', message: 'm' }],
    ['flat with an object beside', '{"details":{"message":"inner"},"code":"EVS.1002","message":"m"}', { code: 'EVS.1002', message: 'm' }],
    ['a code nested deeper than its message', '{"message":"m","error":{"code":"EVS.2409"}}', { code: 'EVS.2409', message: 'm' }],
    ['a request id inside', '{"error":{"code":"EVS.2409","message":"m","request_id":7}}', { code: 'EVS.2409', message: 'm', requestId: '7' }],
    ['error a text', '{"error":"invalid_client","error_description":"m"}', { message: 'm' }],
    ['error only a text', '{"error":"nope"}', { message: 'nope' }],
    ['a code that is no code', '{"code":"a b\\n","message":"m"}', { message: 'm' }],
    ['a code that grows without end', `{"code":"EVS.${'1'.repeat(40)}","message":"m"}`, { message: 'm' }],
    ['a wrapper without message', '{"badRequest":{"code":400}}', { wrapper: 'badRequest' }],
    ['blank message', '{"error":{"code":"EVS.5400","message":"  "}}', { code: 'EVS.5400' }],
    ['empty', '', {}],
    ['null', 'null', { message: 'null' }],
    ['a list', '[1]', { message: '[1]' }],
    ['an object of nothing', '{}', {}],
    ['text', 'upstream connect error', { message: 'upstream connect error' }],
    ['a page', '<!DOCTYPE html><html><head><title>502 Bad Gateway</title><style>b{}</style></head><body><h1>nginx</h1></body></html>', { message: '502 Bad Gateway nginx', isHtml: true }],
    ['a page without title', '\n<html><body>no', { message: 'no', isHtml: true }],
    ['XML', '<?xml version="1.0"?><Error><Code>x</Code></Error>', { message: 'x', isHtml: true }],
  ])('%s', (_name, text, expected) => {
    expect(parseErrorBody(text)).toEqual({ ...none, ...expected });
  });

  it('reads a body too long to parse as text', () => {
    const body = JSON.stringify({ error: { code: 'EVS.5400', message: 'm'.repeat(300_000) } });
    expect(parseErrorBody(body)).toMatchObject({ code: null, message: expect.stringMatching(/^\{"error"/) as unknown });
  });

  it('a body nested without end is no trap', () => {
    expect(parseErrorBody('{"a":'.repeat(50_000))).toMatchObject({ code: null, wrapper: null });
  });
});
