export { ConnectionBanner } from './ConnectionBanner';
export { ConnectionStatus } from './ConnectionStatus';
