export { TeamsView } from './TeamsView';
