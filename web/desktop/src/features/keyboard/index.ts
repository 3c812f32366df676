export { ShortcutHelp } from './ShortcutHelp';
export { useShortcuts } from './useShortcuts';
