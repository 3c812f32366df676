import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/client';
import * as api from '../api/session';
import { createStore } from '../state/store';
import type { Manager } from './manager';
import { endSession, restoreSession, signIn } from './session';

vi.mock('../api/session');

const alice = {
  identity: 'alice',
  fullName: 'Alice Moreau',
  roles: ['agent'],
  accountSid: 'AC1',
  workspaceSid: 'WS1',
  workerSid: 'WK1' as string | null,
  expiration: '2030-01-01T00:00:00Z',
};

function setUp() {
  const store = createStore();
  const live = { start: vi.fn(), stop: vi.fn() };
  const session = () => store.getState().flex.session;
  return { manager: { store, live } as unknown as Manager, live, session };
}

beforeEach(() => {
  vi.resetAllMocks();
});

describe('the session', () => {
  it('goes on where it was, or asks who is there', async () => {
    const { manager, live, session } = setUp();
    vi.mocked(api.readSession).mockResolvedValueOnce(alice);
    await restoreSession(manager);
    expect(session().status).toBe('signedIn');
    expect(live.start).toHaveBeenCalledOnce();
    vi.mocked(api.readSession).mockRejectedValueOnce(new ApiError(401, 'Authenticate'));
    await restoreSession(manager);
    expect(session()).toMatchObject({ status: 'signedOut', notice: null });
  });

  it('does not take a server that is away for a session that has ended', async () => {
    const { manager, session } = setUp();
    vi.mocked(api.readSession).mockRejectedValueOnce(new ApiError(0, 'Unreachable.'));
    await restoreSession(manager);
    expect(session()).toMatchObject({ status: 'unreachable', notice: 'Unreachable.' });
  });

  it('connects only somebody who has a worker', async () => {
    const { manager, live, session } = setUp();
    vi.mocked(api.createSession).mockResolvedValueOnce({ ...alice, workerSid: null });
    await signIn(manager, 'alice', 'secret');
    expect(session().status).toBe('signedIn');
    expect(live.start).not.toHaveBeenCalled();
  });

  it('ends when the server says so or had ended it before, and only then', async () => {
    const { manager, live, session } = setUp();
    vi.mocked(api.createSession).mockResolvedValue(alice);
    await signIn(manager, 'alice', 'secret');
    vi.mocked(api.deleteSession).mockRejectedValueOnce(new ApiError(0, 'Unreachable.'));
    await expect(endSession(manager)).rejects.toThrow('Unreachable.');
    expect(session().status).toBe('signedIn');
    vi.mocked(api.deleteSession).mockRejectedValueOnce(new ApiError(401, 'Authenticate'));
    await endSession(manager);
    expect(session()).toMatchObject({ status: 'signedOut', lastIdentity: 'alice' });
    expect(live.stop).toHaveBeenCalled();
  });
});
