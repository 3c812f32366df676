/**
 * Actions: everything an agent does has a name, and whoever is interested may
 * look before, look after, stand in the way or do it differently. This is the
 * part of Flex that plugins lean on most, so the rules are theirs:
 *
 *   invokeAction(name, payload)
 *     1. the action's payload updater completes the payload (a task for a sid …)
 *     2. every `before<Name>` listener, awaited one after the other; each gets
 *        (payload, cancel). They share one payload object and may change it.
 *        cancel() ends the matter quietly; a listener that throws ends it loudly
 *     3. the action: the outermost replacement first, which may call `original`
 *     4. every `after<Name>` listener; the deed is done, so a fault there is only logged
 *
 * Listening to an unknown name is fine (a plugin may register it later);
 * invoking one rejects.
 */
export type Payload = Record<string, unknown>;
export type ActionFunction<P extends object = Payload> = (payload: P) => unknown;
export type ReplacedActionFunction<P extends object = Payload> = (
  payload: P,
  original: (payload: P) => Promise<unknown>,
) => unknown;
export type ActionListener<P extends object = Payload> = (
  payload: P,
  cancel: () => void,
) => unknown;

interface Registered {
  run: (payload: Payload) => Promise<unknown>;
  complete: (payload: Payload) => Payload;
}

export class ActionsManager {
  private readonly actions = new Map<string, Registered>();
  private readonly listeners = new Map<string, ActionListener[]>();

  registerAction<P extends object = Payload>(
    name: string,
    action: ActionFunction<P>,
    payloadUpdate?: (payload: P) => P,
  ): void {
    this.actions.set(name, {
      run: async (payload) => action(payload as P),
      complete: (payload) =>
        payloadUpdate ? (payloadUpdate(payload as P) as unknown as Payload) : payload,
    });
  }

  replaceAction<P extends object = Payload>(name: string, action: ReplacedActionFunction<P>): void {
    const previous = this.actions.get(name);
    if (!previous) throw new Error(`Cannot replace the action ${name}: it is not registered`);
    this.actions.set(name, {
      ...previous,
      run: async (payload) =>
        action(payload as P, (changed) => previous.run(changed as unknown as Payload)),
    });
  }

  addListener<P extends object = Payload>(event: string, listener: ActionListener<P>): void {
    if (!/^(before|after)[A-Z]/.test(event)) {
      throw new Error(`Cannot listen to ${event}: use before<Action> or after<Action>`);
    }
    const list = this.listeners.get(event) ?? [];
    this.listeners.set(event, [...list, listener as unknown as ActionListener]);
  }

  on<P extends object = Payload>(event: string, listener: ActionListener<P>): void {
    this.addListener(event, listener);
  }

  removeListener<P extends object = Payload>(event: string, listener: ActionListener<P>): void {
    const list = this.listeners.get(event) ?? [];
    this.listeners.set(
      event,
      list.filter((one) => one !== (listener as unknown)),
    );
  }

  async invokeAction(name: string, given: object = {}): Promise<unknown> {
    const action = this.actions.get(name);
    if (!action) throw new Error(`The action ${name} is not registered`);
    const payload = action.complete(given as Payload);
    let cancelled = false;
    for (const listener of this.listeners.get(`before${name}`) ?? []) {
      await listener(payload, () => {
        cancelled = true;
      });
      if (cancelled) return undefined;
    }
    const result = await action.run(payload);
    for (const listener of this.listeners.get(`after${name}`) ?? []) {
      try {
        await listener(payload, () => {});
      } catch (error) {
        console.error(`A listener of after${name} failed`, error);
      }
    }
    return result;
  }
}
