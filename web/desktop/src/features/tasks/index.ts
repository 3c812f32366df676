export { IdleCanvas } from './IdleCanvas';
export { TaskCanvas } from './TaskCanvas';
export { TaskList } from './TaskList';
