/**
 * What is watched through Sync: live queries over workers and their reservations, the figures of queues, and conversations that
 * a supervisor reads without taking part. One client serves all of a grant, made when somebody first looks and gone when
 * nobody does.
 *
 * A watcher gets everything once, and then again, whole, after each change; changes that come together are told together.
 */
import type { SyncClient } from 'twilio-sync';
import { reconnectDelay } from '../lib/backoff';
import { messageOf } from '../lib/errors';
import type { WorkerToken } from './session';

export interface SyncDeps {
  createClient: (token: string) => Promise<SyncClient>;
  createToken: () => Promise<WorkerToken>;
  /** When to tell of what has gathered: the next frame. */
  soon: (tell: () => void) => void;
}

export type Rows = ReadonlyMap<string, Record<string, unknown>>;
export interface Watcher {
  rows: (rows: Rows) => void;
  fault: (message: string) => void;
}
/** Opens the source; calls `change` for each difference (undefined: removed), and returns how to close it. */
type Open = (
  client: SyncClient,
  change: (key: string, data: Record<string, unknown> | undefined) => void,
) => Promise<() => void>;

const LIST_PAGE = 50;

export class LiveSync {
  private client: Promise<SyncClient> | undefined;
  private made: SyncClient | undefined;
  private watchers = 0;

  constructor(private readonly deps: SyncDeps) {}

  query(index: string, expression: string, watcher: Watcher): () => void {
    return this.watch(watcher, async (client, change) => {
      const query = await client.liveQuery(index, expression);
      query.on('itemUpdated', ({ key, value }: { key: string; value: unknown }) =>
        change(key, value as Record<string, unknown>),
      );
      query.on('itemRemoved', ({ key }: { key: string }) => change(key, undefined));
      for (const [key, item] of Object.entries(query.getItems())) {
        change(key, item as Record<string, unknown>);
      }
      return () => query.close();
    });
  }

  map(name: string, watcher: Watcher): () => void {
    return this.watch(watcher, async (client, change) => {
      const map = await client.map({ id: name, mode: 'open_existing' });
      const take = ({ item }: { item: { key: string; data: object } }) =>
        change(item.key, item.data as Record<string, unknown>);
      map.on('itemAdded', take);
      map.on('itemUpdated', take);
      map.on('itemRemoved', ({ key }: { key: string }) => change(key, undefined));
      for (let page = await map.getItems({ pageSize: 100 }); ; page = await page.nextPage()) {
        for (const item of page.items) take({ item });
        if (!page.hasNextPage) break;
      }
      return () => map.close();
    });
  }

  /** The last items of a list, and what comes after. */
  list(name: string, watcher: Watcher): () => void {
    return this.watch(watcher, async (client, change) => {
      const list = await client.list({ id: name, mode: 'open_existing' });
      const take = ({ item }: { item: { index: number; data: object } }) =>
        change(String(item.index), item.data as Record<string, unknown>);
      list.on('itemAdded', take);
      list.on('itemUpdated', take);
      list.on('itemRemoved', ({ index }: { index: number }) => change(String(index), undefined));
      const page = await list.getItems({ order: 'desc', pageSize: LIST_PAGE });
      for (const item of page.items) take({ item });
      return () => list.close();
    });
  }

  stop(): void {
    this.client = undefined;
    void this.made?.shutdown().catch(() => undefined);
    this.made = undefined;
  }

  private watch(watcher: Watcher, open: Open): () => void {
    const rows = new Map<string, Record<string, unknown>>();
    let close: (() => void) | undefined;
    let gone = false;
    let told = true;
    let attempt = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const tell = () => {
      told = true;
      if (!gone) watcher.rows(new Map(rows));
    };
    const change = (key: string, data: Record<string, unknown> | undefined) => {
      if (data) rows.set(key, data);
      else rows.delete(key);
      if (!told) return;
      told = false;
      this.deps.soon(tell);
    };
    const begin = async () => {
      try {
        const closing = await open(await this.connected(), change);
        if (gone) closing();
        else {
          close = closing;
          tell();
        }
      } catch (error) {
        if (gone) return;
        watcher.fault(messageOf(error));
        timer = setTimeout(() => void begin(), reconnectDelay(attempt++));
      }
    };
    this.watchers++;
    void begin();
    return () => {
      if (gone) return;
      gone = true;
      clearTimeout(timer);
      close?.();
      if (--this.watchers === 0) this.stop();
    };
  }

  private connected(): Promise<SyncClient> {
    this.client ??= this.connect().catch((error: unknown) => {
      this.client = undefined;
      throw error;
    });
    return this.client;
  }

  private async connect(): Promise<SyncClient> {
    const { token } = await this.deps.createToken();
    const client = await this.deps.createClient(token);
    const renew = () => {
      this.deps.createToken().then(
        (fresh) => client.updateToken(fresh.token),
        () => undefined,
      );
    };
    client.on('tokenAboutToExpire', renew);
    client.on('tokenExpired', renew);
    this.made = client;
    return client;
  }
}
