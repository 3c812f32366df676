import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ActionsManager } from './framework';

describe('Actions', () => {
  let actions: ActionsManager;
  let log: string[];

  beforeEach(() => {
    actions = new ActionsManager();
    log = [];
    actions.registerAction('Greet', (payload: { name: string }) => {
      log.push(`greet ${payload.name}`);
      return payload.name.length;
    });
  });

  it('runs before, action and after in order and returns the result', async () => {
    actions.addListener('beforeGreet', async () => {
      await Promise.resolve();
      log.push('before 1');
    });
    actions.on('beforeGreet', () => log.push('before 2'));
    actions.addListener('afterGreet', () => log.push('after'));
    expect(await actions.invokeAction('Greet', { name: 'Ann' })).toBe(3);
    expect(log).toEqual(['before 1', 'before 2', 'greet Ann', 'after']);
  });

  it('shares one payload that listeners may change', async () => {
    actions.addListener<{ name: string }>('beforeGreet', (payload) => {
      payload.name = 'Bob';
    });
    const payload = { name: 'Ann' };
    await actions.invokeAction('Greet', payload);
    expect(log).toEqual(['greet Bob']);
    expect(payload.name).toBe('Bob');
  });

  it('stops quietly when cancelled, and later listeners are not asked', async () => {
    const later = vi.fn();
    actions.addListener('beforeGreet', (_, cancel) => cancel());
    actions.addListener('beforeGreet', later);
    actions.addListener('afterGreet', later);
    await expect(actions.invokeAction('Greet', { name: 'Ann' })).resolves.toBeUndefined();
    expect(log).toEqual([]);
    expect(later).not.toHaveBeenCalled();
  });

  it('stacks replacements around the original', async () => {
    actions.replaceAction<{ name: string }>('Greet', async (payload, original) => {
      log.push('inner');
      return original({ name: `${payload.name}!` });
    });
    actions.replaceAction('Greet', async (payload, original) => {
      log.push('outer');
      return original(payload);
    });
    expect(await actions.invokeAction('Greet', { name: 'Ann' })).toBe(4);
    expect(log).toEqual(['outer', 'inner', 'greet Ann!']);
  });

  it('completes the payload before anybody sees it', async () => {
    const seen = vi.fn();
    actions.registerAction(
      'Pick',
      () => undefined,
      (payload: { sid?: string; task?: string }) =>
        Object.assign(payload, { task: `task of ${payload.sid}` }),
    );
    actions.addListener('beforePick', seen);
    await actions.invokeAction('Pick', { sid: 'WR1' });
    expect(seen.mock.calls[0]?.[0]).toEqual({ sid: 'WR1', task: 'task of WR1' });
  });

  it('rejects unknown names but lets anybody listen to them', async () => {
    actions.addListener('afterSomethingNew', () => log.push('heard'));
    await expect(actions.invokeAction('SomethingNew')).rejects.toThrow('not registered');
    actions.registerAction('SomethingNew', () => undefined);
    await actions.invokeAction('SomethingNew');
    expect(log).toEqual(['heard']);
    expect(() => actions.addListener('duringGreet', () => undefined)).toThrow('before<Action>');
    expect(() => actions.replaceAction('Nothing', () => undefined)).toThrow('not registered');
  });

  it('passes on the fault of an action and of a before listener, not of an after listener', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const bad = () => {
      throw new Error('veto');
    };
    actions.addListener('afterGreet', bad);
    await expect(actions.invokeAction('Greet', { name: 'Ann' })).resolves.toBe(3);
    expect(error).toHaveBeenCalledOnce();
    actions.removeListener('afterGreet', bad);
    actions.addListener('beforeGreet', bad);
    await expect(actions.invokeAction('Greet', { name: 'Ann' })).rejects.toThrow('veto');
    error.mockRestore();
  });
});
