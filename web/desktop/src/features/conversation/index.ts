export { Conversation } from './Conversation';
export { History } from './History';
export { Transcript } from './Transcript';
