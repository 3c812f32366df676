export { QueuesView } from './QueuesView';
