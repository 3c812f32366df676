import { request } from './client';
import type { SsoTokenPayload } from '../state/session';

interface SessionAnswer {
  identity: string;
  full_name: string;
  roles: string[];
  account_sid: string;
  workspace_sid: string;
  worker_sid: string | null;
  expires_at: string;
}

function toPayload(answer: SessionAnswer): SsoTokenPayload {
  return {
    identity: answer.identity,
    fullName: answer.full_name || answer.identity,
    roles: answer.roles,
    accountSid: answer.account_sid,
    workspaceSid: answer.workspace_sid,
    workerSid: answer.worker_sid || null,
    expiration: answer.expires_at,
  };
}

export interface WorkerToken {
  token: string;
  workerSid: string;
  /** The server's time, ms. */
  expiresAt: number;
}

export const readSession = async () =>
  toPayload(await request<SessionAnswer>('GET', '/desktop/session'));

export const createSession = async (username: string, password: string) =>
  toPayload(await request<SessionAnswer>('POST', '/desktop/session', { username, password }));

export const deleteSession = () => request<void>('DELETE', '/desktop/session');

export async function createWorkerToken(): Promise<WorkerToken> {
  const answer = await request<{ token: string; expires_at: string; worker_sid: string }>(
    'POST',
    '/desktop/token',
    {},
  );
  return {
    token: answer.token,
    workerSid: answer.worker_sid,
    expiresAt: Date.parse(answer.expires_at),
  };
}
