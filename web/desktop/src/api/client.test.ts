import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, request } from './client';
import { createWorkerToken, readSession } from './session';

const answer = (status: number, body: unknown) =>
  new Response(body === undefined ? null : JSON.stringify(body), { status });

describe('request', () => {
  const fetched = vi.fn<typeof fetch>();

  beforeEach(() => {
    fetched.mockReset();
    vi.stubGlobal('fetch', fetched);
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('marks every write as coming from the desktop', async () => {
    fetched.mockResolvedValue(answer(200, { ok: true }));
    await expect(request('POST', '/desktop/token', { a: 1 })).resolves.toEqual({ ok: true });
    const [path, init] = fetched.mock.calls[0] ?? [];
    expect(path).toBe('/desktop/token');
    expect(init).toMatchObject({ method: 'POST', body: '{"a":1}', credentials: 'same-origin' });
    expect(init?.headers).toMatchObject({ 'X-Plugboard-Desktop': '1' });
  });

  it('takes an empty answer', async () => {
    fetched.mockResolvedValue(answer(204, undefined));
    await expect(request('DELETE', '/desktop/session')).resolves.toBeUndefined();
  });

  it("throws the server's sentence, its own when there is none, and tells silence from refusal", async () => {
    fetched.mockResolvedValueOnce(answer(429, { code: 20429, message: 'Wait.' }));
    await expect(request('POST', '/x', {})).rejects.toMatchObject({
      status: 429,
      code: 20429,
      message: 'Wait.',
    });
    fetched.mockResolvedValueOnce(new Response('<html>', { status: 502 }));
    await expect(request('GET', '/x')).rejects.toThrow('status 502');
    fetched.mockResolvedValueOnce(new Response('not json', { status: 200 }));
    await expect(request('GET', '/x')).rejects.toBeInstanceOf(ApiError);
    fetched.mockRejectedValueOnce(new TypeError('Failed to fetch'));
    await expect(request('GET', '/x')).rejects.toMatchObject({ status: 0 });
  });

  it('reads sessions and tokens', async () => {
    fetched.mockResolvedValueOnce(
      answer(200, {
        identity: 'alice',
        full_name: '',
        roles: ['agent'],
        account_sid: 'AC1',
        workspace_sid: 'WS1',
        worker_sid: null,
        expires_at: '2030-01-01T00:00:00Z',
      }),
    );
    await expect(readSession()).resolves.toMatchObject({ fullName: 'alice', workerSid: null });
    fetched.mockResolvedValueOnce(
      answer(200, { token: 'jwt', worker_sid: 'WK1', expires_at: '2030-01-01T00:00:00Z' }),
    );
    await expect(createWorkerToken()).resolves.toEqual({
      token: 'jwt',
      workerSid: 'WK1',
      expiresAt: Date.UTC(2030, 0, 1),
    });
  });
});
