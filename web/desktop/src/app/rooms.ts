/** The rooms of the desktop, under Flex's names, and who may enter. */
import { AgentIcon } from '@twilio-paste/icons/esm/AgentIcon';
import { DataBarChartIcon } from '@twilio-paste/icons/esm/DataBarChartIcon';
import { UsersIcon } from '@twilio-paste/icons/esm/UsersIcon';
import { useMemo } from 'react';
import { useAppSelector } from '../state/selectors';

const OVERSEERS = ['supervisor', 'admin'];

const rooms = [
  { name: 'agent-desktop', label: 'Agent desktop', icon: AgentIcon, roles: undefined },
  { name: 'teams', label: 'Teams', icon: UsersIcon, roles: OVERSEERS },
  { name: 'queues-stats', label: 'Queues', icon: DataBarChartIcon, roles: OVERSEERS },
] as const;

export type Room = (typeof rooms)[number];

export function useRooms(): readonly Room[] {
  const roles = useAppSelector((state) => state.flex.session.ssoTokenPayload?.roles);
  return useMemo(
    () => rooms.filter((room) => !room.roles || room.roles.some((role) => roles?.includes(role))),
    [roles],
  );
}

/** Where we are: the room asked for, or the first when we may not enter that. */
export function useRoom(): Room {
  const found = useRooms();
  const active = useAppSelector((state) => state.flex.view.activeView);
  return found.find((room) => room.name === active) ?? rooms[0];
}
