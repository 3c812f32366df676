import { describe, expect, it } from 'vitest';
import type { ConnectionStatus } from '../../state/connection';
import { bannerOf } from './model';

const lost: ConnectionStatus = {
  connectionState: 'disconnected',
  timestampLastConnected: 1000,
  lostAt: 10_000,
  nextAttemptAt: 15_500,
};
const connected: ConnectionStatus = {
  connectionState: 'connected',
  timestampLastConnected: 20_000,
  lostAt: null,
  nextAttemptAt: null,
};

describe('bannerOf', () => {
  it('counts down to the next attempt', () => {
    expect(bannerOf(lost, 12_000, false, true)).toMatchObject({
      kind: 'lost',
      detail: expect.stringContaining('in 4 s'),
    });
    expect(bannerOf(lost, 16_000, true, true)).toMatchObject({
      detail: expect.stringContaining('Reconnecting'),
    });
  });

  it('says so at once when the computer itself is offline', () => {
    expect(bannerOf(lost, 10_000, false, false)).toMatchObject({
      kind: 'lost',
      text: 'Your computer is offline.',
    });
  });

  it('tells of the recovery only to those who saw the loss', () => {
    expect(bannerOf(connected, 21_000, true, true).kind).toBe('back');
    expect(bannerOf(connected, 21_000, false, true).kind).toBe('none');
    expect(bannerOf(connected, 24_000, true, true).kind).toBe('none');
  });
});
