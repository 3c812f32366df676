export { ActivityPicker } from './ActivityPicker';
export { AgentMenu } from './AgentMenu';
export { SoundToggle } from './SoundToggle';
