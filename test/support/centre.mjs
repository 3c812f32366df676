// A small centre to tell stories in: a workspace with two skills, a queue for each, and agents.
//
//     const centre = await makeCentre(server, { reservationTimeout: 30 });
//     const alice = await centre.agent('alice', ['billing']);
//     const task = await centre.task({ skill: 'billing' });

/** Filters send a task to the queue of its `skill`; what has none waits in Everyone. More of the workflow by `filters`. */
export async function makeCentre(
  server,
  {
    skills = ['billing', 'support'],
    reservationTimeout = 30,
    workflow = {},
    filters,
    ...workspaceOptions
  } = {},
) {
  const tr = server.client.taskrouter.v1;
  const { sid } = await tr.workspaces.create({
    friendlyName: `Centre ${Date.now()} ${Math.random()}`,
    ...workspaceOptions,
  });
  const workspace = tr.workspaces(sid);
  const activities = Object.fromEntries(
    (await workspace.activities.list()).map((activity) => [activity.friendlyName, activity.sid]),
  );
  const queue = async (friendlyName, targetWorkers, more = {}) =>
    (await workspace.taskQueues.create({ friendlyName, targetWorkers, ...more })).sid;
  const queues = { everyone: await queue('Everyone', '1==1') };
  for (const skill of skills) queues[skill] = await queue(skill, `skills HAS "${skill}"`);
  const bySkill = skills.map((skill) => ({
    filter_friendly_name: skill,
    expression: `skill == "${skill}"`,
    targets: [{ queue: queues[skill] }],
  }));
  const configuration = {
    task_routing: {
      filters: filters ? filters(queues) : bySkill,
      default_filter: { queue: queues.everyone },
    },
  };
  const flow = await workspace.workflows.create({
    friendlyName: 'By skill',
    configuration: JSON.stringify(configuration),
    taskReservationTimeout: reservationTimeout,
    ...workflow,
  });

  return {
    sid,
    workspace,
    activities,
    queues,
    workflowSid: flow.sid,
    /** A worker who is Available unless told otherwise. */
    async agent(friendlyName, has = [], { activity = 'Available', ...attributes } = {}) {
      const worker = await workspace.workers.create({
        friendlyName,
        activitySid: activities[activity],
        attributes: JSON.stringify({ skills: has, ...attributes }),
      });
      return worker.sid;
    },
    task: (attributes = {}, more = {}) =>
      workspace.tasks.create({
        workflowSid: flow.sid,
        attributes: JSON.stringify(attributes),
        ...more,
      }),
    /** Statuses and workers of a task's reservations, in the order of their making. */
    async offers(taskSid) {
      const list = await workspace.tasks(taskSid).reservations.list();
      return list.map((r) => ({ sid: r.sid, status: r.reservationStatus, worker: r.workerName }));
    },
    status: async (taskSid) => (await workspace.tasks(taskSid).fetch()).assignmentStatus,
    move: (taskSid, reservationSid, reservationStatus, more = {}) =>
      workspace
        .tasks(taskSid)
        .reservations(reservationSid)
        .update({ reservationStatus, ...more }),
  };
}
