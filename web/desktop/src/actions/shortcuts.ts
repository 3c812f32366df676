/**
 * What the keyboard does from anywhere in the desktop. One object an action:
 * the key handler runs it and the help dialog lists it, so they cannot differ.
 */
import type { AppState } from '../state/store';
import { selectIncoming, selectSelectedTask, selectTaskList } from '../state/selectors';

export interface Shortcut {
  /** The action's name. */
  name: string;
  label: string;
  /** The key with Ctrl+Shift held, as `KeyboardEvent.code`. */
  code: string;
  keys: readonly string[];
  /** The payload to invoke with; undefined when there is nothing to do now. */
  when: (state: AppState) => object | undefined;
}

function firstIncoming(state: AppState): object | undefined {
  const selected = selectSelectedTask(state);
  const task = selected?.status === 'pending' ? selected : selectIncoming(state)[0];
  return task && { sid: task.sid };
}

function neighbour(state: AppState, step: 1 | -1): object | undefined {
  const tasks = selectTaskList(state);
  if (tasks.length === 0) return undefined;
  const at = tasks.findIndex((t) => t.sid === state.flex.view.selectedTaskSid);
  const next = at < 0 ? 0 : (at + step + tasks.length) % tasks.length;
  return { sid: tasks[next]?.sid };
}

const withShift = (key: string) => ['Ctrl', 'Shift', key] as const;

export const shortcuts: readonly Shortcut[] = [
  {
    name: 'AcceptTask',
    label: 'Accept the incoming task',
    code: 'KeyA',
    keys: withShift('A'),
    when: firstIncoming,
  },
  {
    name: 'RejectTask',
    label: 'Reject the incoming task',
    code: 'KeyX',
    keys: withShift('X'),
    when: firstIncoming,
  },
  {
    name: 'CompleteTask',
    label: 'Complete the selected task, once in wrap-up',
    code: 'KeyL',
    keys: withShift('L'),
    when: (state) => {
      const task = selectSelectedTask(state);
      return task?.status === 'wrapping' ? { sid: task.sid } : undefined;
    },
  },
  {
    name: 'SelectTask',
    label: 'Go to the next task',
    code: 'ArrowDown',
    keys: withShift('↓'),
    when: (state) => neighbour(state, 1),
  },
  {
    name: 'SelectTask',
    label: 'Go to the previous task',
    code: 'ArrowUp',
    keys: withShift('↑'),
    when: (state) => neighbour(state, -1),
  },
  {
    name: 'ToggleSound',
    label: 'Switch the sound of incoming tasks',
    code: 'KeyM',
    keys: withShift('M'),
    when: () => ({}),
  },
  {
    name: 'SetComponentState',
    label: 'Show this list',
    code: 'Slash',
    keys: withShift('?'),
    when: () => ({ name: 'ShortcutHelp', state: { isOpen: true } }),
  },
];

export function shortcutOf(
  event: Pick<KeyboardEvent, 'code' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey' | 'repeat'>,
): Shortcut | undefined {
  if (!(event.ctrlKey || event.metaKey) || !event.shiftKey || event.altKey || event.repeat) {
    return undefined;
  }
  return shortcuts.find((s) => s.code === event.code);
}
