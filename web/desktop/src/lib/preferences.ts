/** What an agent chose on this machine. A browser that forbids storage just forgets. */
const PREFIX = 'plugboard.';

export function readPreference(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function writePreference(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Private windows and full disks: the choice lasts until the tab closes.
  }
}
