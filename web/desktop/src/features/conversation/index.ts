export { Conversation } from './Conversation';
export { History } from './History';
export { ReadAlong } from './ReadAlong';
