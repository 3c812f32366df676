/** A typed event emitter, as small as it can be. A listener that throws does not stop the next one. */
export class Emitter<Events extends { [K in keyof Events]: unknown[] }> {
  private readonly listeners = new Map<keyof Events, Set<unknown>>();

  on<K extends keyof Events>(name: K, listener: (...args: Events[K]) => void): () => void {
    const set = this.listeners.get(name) ?? new Set();
    set.add(listener);
    this.listeners.set(name, set);
    return () => this.off(name, listener);
  }

  addListener<K extends keyof Events>(name: K, listener: (...args: Events[K]) => void): this {
    this.on(name, listener);
    return this;
  }

  off<K extends keyof Events>(name: K, listener: (...args: Events[K]) => void): void {
    this.listeners.get(name)?.delete(listener);
  }

  removeListener<K extends keyof Events>(name: K, listener: (...args: Events[K]) => void): this {
    this.off(name, listener);
    return this;
  }

  emit<K extends keyof Events>(name: K, ...args: Events[K]): void {
    for (const listener of [...(this.listeners.get(name) ?? [])]) {
      try {
        (listener as (...args: Events[K]) => void)(...args);
      } catch (error) {
        console.error(`A listener of ${String(name)} failed`, error);
      }
    }
  }
}
