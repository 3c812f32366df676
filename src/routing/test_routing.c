/* What the engine does, as stories (story.h says how to read them).  Sources and readings: docs/routing.md. */
#include "routing/story.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h> /* after what it needs */

#define ONE_QUEUE                                                                                                      \
    "queue Q\n"                                                                                                        \
    "workflow Main timeout=20 {\"task_routing\":{\"default_filter\":{\"queue\":\"@Q\"}}}\n"

/* clang-format off */
static const struct { const char *title, *lines; } stories[] = {
{ "A task goes to the worker who is free, is accepted and completed",
    ONE_QUEUE
    "worker Ann Available\n"
    "deaf\n"
    "task T {\"a\":1}\n"
    "is T reserved\n" "in T Q\n" "offered T Ann\n" "used Ann default 1 0\n" "used Ann chat 0 100\n"
    "told workflow.entered task-queue.entered task.created workflow.target-matched reservation.created\n"
    "accept T Ann\n"
    "is T assigned\n" "told reservation.accepted task.updated\n"
    "wrap T Ann\n"
    "is T wrapping\n" "used Ann default 1 0\n" "told reservation.wrapup task.wrapup\n"
    "complete T Ann\n"
    "is T completed\n" "used Ann default 0 100\n" "told reservation.completed task.completed task.updated\n"
    "turn 299\n" "is T completed\n"
    "turn 1\n" "gone T\n" "told\n" },

{ "Queues find their workers by the words that they ask for, and by what asks for none",
    "queue French : skills HAS 'french'\n" "queue North : team == 'north' AND level > 1\n"
    "queue Either : team IN ['north', 'south'] OR skills HAS 'french'\n" "queue Three : team == '3'\n"
    "queue Not : NOT skills HAS 'french'\n" "queue Deep : of.skills HAS 'french'\n" "queue Hers : friendly_name == 'Ann'\n"
    "worker Ann Available {\"skills\":[\"french\",\"x\"],\"team\":\"north\",\"level\":2}\n"
    "worker Bob Available {\"team\":\"south\",\"of\":{\"skills\":[\"french\"]}}\n"
    "worker Cid Available {\"team\":3}\n"
    "members French Ann\n" "members North Ann\n" "members Either Ann Bob\n" "members Three Cid\n" "members Not Bob Cid\n"
    "members Deep Bob\n" "members Hers Ann\n"
    "attributes Ann {\"team\":\"3\",\"level\":2}\n"
    "members French\n" "members North\n" "members Either Bob\n" "members Three Ann Cid\n" "members Not Ann Bob Cid\n"
    "attributes Cid {\"skills\":\"french\",\"team\":[\"north\"]}\n"
    "members French\n" "members Either Bob\n" "members Three Ann\n"
    "target French : skills HAS 'x' OR team == 'south'\n" "members French Bob\n"
    "attributes Cid {\"skills\":[\"x\"]}\n" "members French Bob Cid\n"
    "undo attributes Cid {\"skills\":[\"french\"]}\n" "members French Bob Cid\n" "members Not Ann Bob Cid\n"
    "undo target French : skills HAS 'french'\n" "attributes Ann {\"skills\":[\"x\"]}\n" "members French Ann Bob Cid\n"
    "reload\n" "members French Ann Bob Cid\n" "attributes Bob {}\n" "members French Ann Cid\n" "members Either\n" },

{ "A task waits until somebody can take it",
    ONE_QUEUE
    "worker Ann Offline\n"
    "task T\n" "is T pending\n" "offered T\n"
    "activity Ann Available\n" "offered T Ann\n" },

{ "Completing the task completes the reservation, in the order that was observed",
    ONE_QUEUE "worker Ann Available\n" "task T\n" "accept T Ann\n" "deaf\n"
    "finish T\n" "told task.completed reservation.completed task.updated\n" "because T done\n"
    "delete T\n" "gone T\n" "told task.deleted\n" "turn 300\n" "told\n" },

{ "Wrapping the task wraps the reservation",
    ONE_QUEUE "worker Ann Available\n" "task T\n" "accept T Ann\n" "deaf\n"
    "wrapup T\n" "told reservation.wrapup task.wrapup\n" "is T wrapping\n"
    "finish T\n" "is T completed\n" "used Ann default 0 100\n" },

{ "Canceling tells of the task first; what is assigned cannot be canceled",
    ONE_QUEUE "worker Ann Available\n" "task T\n" "deaf\n"
    "cancel T\n" "told task.canceled reservation.canceled\n" "because T on request\n" "used Ann default 0 100\n"
    "refused 400 Cannot cancel task @T in workspace | cancel T\n"
    "task U\n" "accept U Ann\n"
    "refused because it is not pending or reserved. | cancel U\n" },

{ "Completing what is not assigned is refused with the well-known sentence",
    ONE_QUEUE "task T\n"
    "refused 400 Cannot complete task @T in workspace | finish T\n"
    "refused because it is not currently assigned. | finish T\n"
    "refused 400 | wrapup T\n" },

{ "A deleted task: pending reservations are canceled, accepted ones completed",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Available\n" "task T\n" "task U\n" "accept T Ann\n" "deaf\n"
    "delete T\n" "gone T\n" "told reservation.completed task.deleted\n"
    "delete U\n" "gone U\n" "told reservation.canceled task.deleted\n"
    "used Ann default 0 100\n" "used Bob default 0 100\n" "turn 1000\n" },

/* --- capacity */
{ "A pending reservation holds capacity, so does wrapping",
    ONE_QUEUE "worker Ann Available\n"
    "task T\n" "task U\n" "offered T Ann\n" "is U pending\n"
    "accept T Ann\n" "is U pending\n"
    "wrap T Ann\n" "is U pending\n"
    "complete T Ann\n" "offered U Ann\n" },

{ "Channels are counted apart, and the percentage is of what is free",
    ONE_QUEUE "worker Ann Available\n" "capacity Ann chat 3\n"
    "task A channel=chat\n" "task B channel=chat\n" "task C channel=voice\n"
    "offered A Ann\n" "offered B Ann\n" "offered C Ann\n"
    "used Ann chat 2 33\n" "used Ann voice 1 0\n"
    "capacity Ann chat 1\n" "used Ann chat 2 0\n" "is A reserved\n"
    "task D channel=chat\n" "is D pending\n"
    "capacity Ann chat 3\n" "offered D Ann\n" },

{ "A channel that is not available, or has no capacity, gets no task",
    ONE_QUEUE "worker Ann Available\n" "availability Ann chat no\n" "capacity Ann sms 0\n" "used Ann sms 0 0\n"
    "task T channel=chat\n" "is T pending\n" "task U channel=sms\n" "is U pending\n" "deaf\n"
    "availability Ann chat yes\n" "offered T Ann\n" "told worker.channel.availability.update reservation.created\n"
    "capacity Ann sms 1\n" "offered U Ann\n" "told worker.capacity.update reservation.created\n" },

{ "A new channel: every worker gets one of its kind",
    "worker Ann Available\n" ONE_QUEUE "channel fax\n" "task T channel=fax\n" "offered T Ann\n"
    "refused the channel of a Task | remove fax\n"
    "accept T Ann\n" "finish T\n" "remove fax\n"
    "refused 400 TaskChannel 'fax' does not exist | task U channel=fax\n"
    "refused default channels | remove sms\n" },

{ "A channel that goes takes its clock with it",
    ONE_QUEUE "worker Ann Available\n" "turn 1\n" "worker Bob Available\n" "channel fax\n" "turn 1\n"
    "task T channel=fax\n" "offered T Ann\n" "accept T Ann\n" "finish T\n" "undo remove fax\n" "remove fax\n"
    "task U\n" "offered U Ann\n" },

/* --- who is next */
{ "Whoever has waited longest comes first, and a reservation is the end of a wait",
    ONE_QUEUE "worker Ann Available\n" "turn 1\n" "worker Bob Available\n" "turn 1\n" "worker Cid Available\n"
    "task A\n" "offered A Ann\n" "accept A Ann\n" "finish A\n" "turn 1\n"
    "task B\n" "offered B Bob\n" "turn 1\n" "reject B Bob\n" "offered B Cid\n" },

{ "One clock for all channels, unless the channel has its own",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Available\n" "turn 1\n"
    "task A channel=voice\n" "offered A Ann\n" "turn 1\n" "accept A Ann\n" "finish A\n"
    "task B channel=chat\n" "offered B Bob\n" "turn 1\n" "accept B Bob\n" "finish B\n"
    "optimize sms\n"
    "task C channel=sms\n" "offered C Ann\n" "turn 1\n" "accept C Ann\n" "finish C\n"
    "task D channel=voice\n" "offered D Bob\n" },

{ "order_by goes before idle time; who lacks the attribute comes last",
    "queue Q\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q\",\"order_by\":\"worker.level DESC\"}]}]}}\n"
    "worker Ann Available {\"level\":1}\n" "worker Bob Available {}\n" "worker Cid Available {\"level\":5}\n" "worker Dee Available {\"level\":5}\n"
    "task A\n" "offered A Cid\n" "task B\n" "offered B Dee\n" "task C\n" "offered C Ann\n" "task D\n" "offered D Bob\n" },

{ "An attribute that is not an integer voids the order",
    "queue Q\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q\",\"order_by\":\"worker.level DESC\"}]}]}}\n"
    "worker Ann Available {\"level\":\"high\"}\n" "turn 1\n" "worker Bob Available {\"level\":9}\n"
    "task A\n" "offered A Ann\n" },

{ "Few members among many who are free are found as well",
    "queue All\n" "queue Few : rare == true\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"expression\":\"rare == true\",\"targets\":[{\"queue\":\"@Few\"}]}],\"default_filter\":{\"queue\":\"@All\"}}}\n"
    "worker A01 Available\n" "worker A02 Available\n" "worker A03 Available\n" "worker A04 Available\n" "worker A05 Available\n" "worker A06 Available\n"
    "worker A07 Available\n" "worker A08 Available\n" "worker A09 Available\n" "worker A10 Available\n" "worker A11 Available\n" "worker A12 Available\n"
    "worker R1 Available {\"rare\":true}\n" "turn 1\n" "worker R2 Available {\"rare\":true}\n"
    "task T {\"rare\":true}\n" "offered T R1\n" "task U {\"rare\":true}\n" "offered U R2\n" "task V {\"rare\":true}\n" "is V pending\n" },

/* --- which task is next */
{ "Priority first, then age",
    ONE_QUEUE "worker Ann Offline\n"
    "task A priority=50\n" "turn 1\n" "task B priority=75\n" "turn 2\n" "task C priority=20\n" "task D priority=50\n"
    "activity Ann Available\n"
    "offered B Ann\n" "accept B Ann\n" "finish B\n" "offered A Ann\n" "accept A Ann\n" "finish A\n"
    "offered D Ann\n" "accept D Ann\n" "finish D\n" "offered C Ann\n" },

{ "A virtual start goes in place of the age",
    ONE_QUEUE "worker Ann Offline\n"
    "task A priority=50 start=-3600\n" "task B priority=75 start=-5400\n" "task C priority=20\n" "task D priority=75 start=-7200\n"
    "activity Ann Available\n"
    "offered D Ann\n" "accept D Ann\n" "finish D\n" "offered B Ann\n" "accept B Ann\n" "finish B\n" "offered A Ann\n"
    "refused VirtualStartTime must not be in the future | task E start=1\n" },

{ "FIFO queues first, then LIFO ones, newest first; or the other way round",
    "queue F\n" "queue L LIFO\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"expression\":\"q == 'F'\",\"targets\":[{\"queue\":\"@F\"}]},{\"targets\":[{\"queue\":\"@L\"}]}]}}\n"
    "worker Ann Offline\n"
    "task F1 {\"q\":\"F\"}\n" "turn 1\n" "task L1 priority=9\n" "turn 1\n" "task F2 {\"q\":\"F\"}\n" "turn 1\n" "task L2\n" "turn 1\n" "task L3\n"
    "activity Ann Available\n"
    "offered F1 Ann\n" "accept F1 Ann\n" "finish F1\n" "offered F2 Ann\n" "accept F2 Ann\n"
    "prefer LIFO\n" "task F3 {\"q\":\"F\"}\n" "finish F2\n"
    "offered L3 Ann\n" "accept L3 Ann\n" "finish L3\n" "offered L2 Ann\n" "accept L2 Ann\n" "finish L2\n" "offered L1 Ann\n" "accept L1 Ann\n"
    "finish L1\n" "offered F3 Ann\n" },

{ "A queue's order can be changed while tasks wait",
    ONE_QUEUE "worker Ann Offline\n" "task A\n" "turn 1\n" "task B\n" "turn 1\n" "task C\n"
    "order Q LIFO\n" "activity Ann Available\n" "offered C Ann\n" },

{ "A task that cannot be matched does not block those behind it; more important ones go first when somebody comes",
    "queue Q\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q\",\"expression\":\"worker.lang == task.lang\"}]}]}}\n"
    "worker Ann Available {\"lang\":\"en\"}\n"
    "task A priority=9 {\"lang\":\"fr\"}\n" "is A pending\n" "task B {\"lang\":\"en\"}\n" "offered B Ann\n"
    "worker Bob Available {\"lang\":\"fr\"}\n" "offered A Bob\n"
    "task C {\"lang\":\"es\"}\n" "is C pending\n" "attributes Ann {\"lang\":\"es\"}\n" "is C pending\n"
    "accept B Ann\n" "finish B\n" "offered C Ann\n" },

{ "A new priority changes the place in the line",
    ONE_QUEUE "worker Ann Offline\n" "task A\n" "task B\n" "update B priority=3\n" "priority B 3\n"
    "activity Ann Available\n" "offered B Ann\n" },

{ "A changed channel changes the line",
    ONE_QUEUE "worker Ann Available\n" "availability Ann voice no\n" "task T channel=voice\n" "is T pending\n"
    "update T channel=chat\n" "offered T Ann\n" "update T channel=sms\n" "used Ann chat 0 100\n" "used Ann sms 1 0\n" },

/* --- workflows */
{ "The first filter that matches is taken; the first target's priority too",
    "queue Vip\n" "queue Rest\n"
    "workflow Main {\"task_routing\":{\"filters\":["
      "{\"filter_friendly_name\":\"v\",\"expression\":\"vip == true\",\"targets\":[{\"queue\":\"@Vip\",\"priority\":\"7\"}]},"
      "{\"expression\":\"1==1\",\"targets\":[{\"queue\":\"@Rest\"}]}]}}\n"
    "task A {\"vip\":true}\n" "in A Vip\n" "priority A 7\n" "task B priority=2 {\"vip\":false}\n" "in B Rest\n" "priority B 2\n" },

{ "Deadlines add up in the age of the task; the end is a cancellation, and default_filter is left alone",
    "queue Q1\n" "queue Q2\n" "queue Q3\n" "queue Default\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q1\",\"timeout\":10},{\"queue\":\"@Q2\",\"timeout\":\"10\"},{\"queue\":\"@Q3\",\"timeout\":10}]}],"
      "\"default_filter\":{\"queue\":\"@Default\"}}}\n"
    "deaf\n" "task T\n" "told workflow.entered task-queue.entered task.created workflow.target-matched\n"
    "turn 9\n" "in T Q1\n" "reload\n" "turn 1\n" "in T Q2\n" "told task-queue.timeout workflow.target-matched task-queue.moved task-queue.entered\n"
    "turn 10\n" "in T Q3\n" "told task-queue.timeout workflow.target-matched task-queue.moved task-queue.entered\n"
    "turn 9\n" "is T pending\n" "turn 1\n"
    "is T canceled\n" "because T Task canceled on Workflow timeout\n" "told task-queue.timeout workflow.timeout task.canceled\n" },

{ "A target inherits the queue, not the expression",
    "queue Q\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q\",\"expression\":\"worker.level > 3\",\"timeout\":10},{\"priority\":4}]}]}}\n"
    "worker Ann Available {\"level\":1}\n" "task T\n" "is T pending\n" "deaf\n" "turn 10\n"
    "offered T Ann\n" "priority T 4\n" "told task-queue.timeout workflow.target-matched reservation.created\n" },

{ "After the last target, the filters below are asked",
    "queue A\n" "queue B\n" "queue C\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"expression\":\"x == 1\",\"targets\":[{\"queue\":\"@A\",\"timeout\":5}]},"
      "{\"expression\":\"x == 2\",\"targets\":[{\"queue\":\"@B\"}]},{\"expression\":\"x < 9\",\"targets\":[{\"queue\":\"@C\",\"timeout\":5}]}]}}\n"
    "task T {\"x\":1}\n" "in T A\n" "turn 5\n" "in T C\n" "turn 5\n" "is T canceled\n" },

{ "A deadline does not take a reservation away; the age decides when it fails",
    "queue Q1\n" "queue Q2\n"
    "workflow Main timeout=30 {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q1\",\"timeout\":10},{\"queue\":\"@Q2\",\"timeout\":50}]}]}}\n"
    "worker Ann Available\n" "task T\n" "offered T Ann\n" "turn 12\n" "is T reserved\n" "in T Q1\n" "deaf\n"
    "reject T Ann Break\n" "in T Q2\n" "is T pending\n"
    "told worker.activity.update reservation.rejected task-queue.timeout workflow.target-matched task-queue.moved task-queue.entered\n"
    "turn 47\n" "is T pending\n" "turn 1\n" "is T canceled\n" },

{ "Before the deadline, a rejected task stays in its step",
    "queue Q1\n" "queue Q2\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q1\",\"timeout\":10},{\"queue\":\"@Q2\"}]}]}}\n"
    "worker Ann Available\n" "task T\n" "turn 3\n" "deaf\n" "reject T Ann Break\n" "in T Q1\n" "told worker.activity.update reservation.rejected\n"
    "turn 7\n" "in T Q2\n" },

{ "skip_if falls through to the default filter, a timeout does not",
    "queue Day\n" "queue Night\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Day\",\"timeout\":10,\"skip_if\":\"workers.available == 0\"}]}],"
      "\"default_filter\":{\"queue\":\"@Night\"}}}\n"
    "worker Ann Offline\n" "task T\n" "in T Night\n" "activity Ann Available\n" "offered T Ann\n"
    "task U\n" "in U Day\n" "turn 10\n" "is U canceled\n" },

{ "Skipped out of everything",
    "queue Q\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q\",\"skip_if\":\"1==1\"},{\"skip_if\":\"workers.available < 1\"}]}]}}\n"
    "deaf\n" "task T\n" "is T canceled\n"
    "told workflow.entered task-queue.entered task.created workflow.target-matched workflow.target-matched workflow.skipped task.canceled\n"
    "worker Ann Available\n" "task U\n" "offered U Ann\n" },

{ "A known worker: only he; unknown or null waits until the step is over",
    "queue Q\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q\",\"known_worker_friendly_name\":\"task.agent\",\"timeout\":10},{}]}]}}\n"
    "worker Ann Available\n" "worker Bob Available\n" "worker Cid Available\n"
    "task T {\"agent\":\"BOB\"}\n" "offered T Bob\n"
    "task U {\"agent\":null}\n" "is U pending\n" "task V {\"agent\":\"Zoe\"}\n" "is V pending\n"
    "turn 10\n" "offered U Ann\n" "offered V Cid\n" },

{ "A known worker by sid",
    "queue Q\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q\",\"known_worker_sid\":\"task.agent\"}]}]}}\n"
    "worker Ann Available\n" "worker Bob Offline\n" "task T {\"agent\":\"@Bob\"}\n" "is T pending\n" "activity Bob Available\n" "offered T Bob\n" },

{ "Without a filter that matches and without a default there is no task",
    "queue Q\n" "workflow Main {\"task_routing\":{\"filters\":[{\"expression\":\"x == 1\",\"targets\":[{\"queue\":\"@Q\"}]}]}}\n"
    "refused 400 No filter | task T\n"
    "task U {\"x\":1}\n" "update U {\"x\":2}\n" "is U canceled\n" },

{ "New attributes send a waiting task through its workflow again",
    "queue A\n" "queue B\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"expression\":\"to == 'B'\",\"targets\":[{\"queue\":\"@B\"}]}],\"default_filter\":{\"queue\":\"@A\"}}}\n"
    "task T\n" "in T A\n" "deaf\n" "update T {\"to\":\"B\"}\n" "in T B\n"
    "told task.updated workflow.target-matched task-queue.moved task-queue.entered\n" },

{ "A new configuration moves waiting tasks only if it is asked to",
    "queue A\n" "queue B\n" "queue C\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@A\",\"expression\":\"worker.x == 1\"}]}]}}\n"
    "task T\n" "in T A\n" "task U\n"
    "rewrite Main {\"task_routing\":{\"filters\":[{\"expression\":\"none == 1\",\"targets\":[{\"queue\":\"@C\"}]},{\"targets\":[{\"queue\":\"@A\",\"expression\":\"worker.x == 1\"}]}]}}\n"
    "in T A\n" "worker Ann Available\n" "is T pending\n" "attributes Ann {\"x\":1}\n" "offered T Ann\n"
    "rewrite Main {\"task_routing\":{\"default_filter\":{\"queue\":\"@B\"}}}\n" "in U A\n" "reload\n"
    "rewrite Main again {\"task_routing\":{\"default_filter\":{\"queue\":\"@C\"}}}\n" "in U C\n" "in T A\n"
    "reject T Ann\n" "in T C\n" },

{ "Expressions may ask what a worker has in hand",
    "queue Q\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q\",\"expression\":\"task.calm == false OR worker.channel.voice.assigned_tasks == 0\"}]}]}}\n"
    "worker Ann Available\n" "capacity Ann voice 2\n" "task Call channel=voice {\"calm\":false}\n" "accept Call Ann\n"
    "task Chat channel=chat {\"calm\":true}\n" "is Chat pending\n" "finish Call\n" "offered Chat Ann\n" },

/* --- reservations */
{ "A reservation that nobody answers: the worker goes to the timeout activity, the task on",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Available\n" "task T\n" "offered T Ann\n" "turn 19\n" "is T reserved\n" "deaf\n" "turn 1\n"
    "offered T Bob\n" "at Ann Offline\n" "told reservation.timeout worker.activity.update reservation.created\n"
    "refused because it is timeout | accept T Ann\n" },

{ "A rejected task may come back to the only one who can take it",
    ONE_QUEUE "worker Ann Available\n" "task T\n" "deaf\n" "reject T Ann\n" "offered T Ann\n" "told reservation.rejected reservation.created\n"
    "reject T Ann Break\n" "is T pending\n" "at Ann Break\n"
    "refused 400 | reject T Ann\n" },

{ "A worker who becomes free takes the most important task, not the one that he rejected",
    ONE_QUEUE "worker Ann Available\n" "task A\n" "offered A Ann\n" "task B priority=5\n" "is B pending\n"
    "reject A Ann\n" "offered B Ann\n" "is A pending\n" },

{ "Several are asked; the first who accepts has it",
    "queue Q most=2\n" "workflow Main {\"task_routing\":{\"default_filter\":{\"queue\":\"@Q\"}}}\n"
    "worker Ann Available\n" "worker Bob Available\n" "worker Cid Available\n" "deaf\n"
    "task T\n" "offered T Ann Bob\n"
    "told workflow.entered task-queue.entered task.created workflow.target-matched reservation.created reservation.created\n"
    "accept T Bob\n" "offered T Bob\n" "told reservation.accepted reservation.rescinded task.updated\n"
    "refused 410 | accept T Ann\n" "used Ann default 0 100\n" },

{ "One who rejects does not end it while another is asked; nobody is asked in his place",
    "queue Q most=2\n" "workflow Main timeout=20 {\"task_routing\":{\"default_filter\":{\"queue\":\"@Q\"}}}\n"
    "worker Ann Available\n" "worker Bob Available\n" "worker Cid Available\n" "task T\n"
    "reject T Ann Break\n" "is T reserved\n" "offered T Bob\n" "turn 20\n" "at Bob Offline\n" "is T reserved\n" "offered T Cid\n" },

{ "A callback that failed cancels the reservation",
    "queue Q\n" "workflow Main callback {\"task_routing\":{\"default_filter\":{\"queue\":\"@Q\"}}}\n"
    "worker Ann Available\n" "task T\n" "callbacks 1\n" "deaf\n" "fail T Ann\n" "callbacks 2\n" "told reservation.canceled reservation.created\n" },

{ "What a reservation cannot become",
    ONE_QUEUE "worker Ann Available\n" "task T\n"
    "refused 400 | wrap T Ann\n" "refused 400 | complete T Ann\n" "refused 400 | rescind T Ann\n"
    "accept T Ann\n" "refused 400 | accept T Ann\n" "refused 400 | reject T Ann\n"
    "complete T Ann\n" "is T completed\n" "refused 400 | complete T Ann\n" },

{ "Rejecting into an activity that is not there leaves everything as it was",
    ONE_QUEUE "worker Ann Available\n" "task T\n" "rename Break Lunch\n" "at Ann Available\n" "reject T Ann Lunch\n" "at Ann Lunch\n" "is T pending\n" },

/* --- workers */
{ "Unavailable: reservations stay, no new ones come, and he may still accept",
    ONE_QUEUE "worker Ann Available\n" "task T\n" "task U\n" "activity Ann Break\n" "offered T Ann\n" "accept T Ann\n" "is T assigned\n" "finish T\n" "is U pending\n" },

{ "Leaving and rejecting: pending ones only, and only when leaving",
    ONE_QUEUE "worker Ann Available\n" "capacity Ann default 2\n" "task T\n" "task U\n" "accept T Ann\n" "deaf\n"
    "refused Unable to reject pending reservations when updating to an Available activity state. | activity Ann Available rejecting\n"
    "activity Ann Break rejecting\n" "is T assigned\n" "is U pending\n" "told worker.activity.update reservation.rejected\n" },

{ "Versions grow with what clients hear, and not with answers",
    ONE_QUEUE "worker Ann Offline\n" "version Ann 0\n" "activity Ann Available\n" "version Ann 1\n" "capacity Ann chat 2\n" "version Ann 2\n"
    "availability Ann chat no\n" "version Ann 3\n" "task T\n" "version Ann 4\n" "accept T Ann\n" "version Ann 4\n" "complete T Ann\n" "version Ann 4\n"
    "task U\n" "version Ann 5\n" "reject U Ann Break\n" "version Ann 6\n" },

{ "Membership follows attributes, names and expressions",
    "queue Q : skills HAS 'a'\n" "queue N : friendly_name == 'Ann'\n" "queue Nobody :\n" "queue V : activity_name == 'Break'\n"
    "worker Ann Available {\"skills\":[\"a\"]}\n" "worker Bob Available {\"skills\":[\"b\"]}\n"
    "members Q Ann\n" "members N Ann\n" "members Nobody\n" "members V\n"
    "attributes Bob {\"skills\":[\"a\",\"b\"]}\n" "members Q Ann Bob\n" "target Q : skills HAS 'b'\n" "members Q Bob\n"
    "name Ann Anna\n" "members N\n" "activity Ann Break\n" "members V Ann\n" "rename Break Lunch\n" "members V\n"
    "refused 400 | worker Cid Available {\"skills\":\n" },

{ "A queue's new expression matches what waits, and takes no reservation away",
    "queue Q : level > 3\n" "workflow Main {\"task_routing\":{\"default_filter\":{\"queue\":\"@Q\"}}}\n"
    "worker Ann Available {\"level\":9}\n" "worker Bob Available {\"level\":2}\n" "task T\n" "task U\n" "offered T Ann\n" "is U pending\n" "deaf\n"
    "target Q : level > 1 AND level < 5\n" "offered U Bob\n" "offered T Ann\n" "told task-queue.expression.updated reservation.created\n"
    "refused TargetWorkers | target Q : skill-level > 3\n" },

{ "Names are taken whatever their case",
    "worker Ann Available\n" "refused Worker with the same friendly name already exists | worker ANN Available\n" },

/* --- targets */
{ "To one worker, even if he is away and has his hands full; if he says no, that is the end",
    ONE_QUEUE "worker Ann Available\n" "task T\n" "offered T Ann\n"
    "task U target=Ann queue=Q\n" "offered U Ann\n" "used Ann default 2 0\n"
    "activity Ann Offline\n" "task V target=Ann queue=Q\n" "offered V Ann\n" "deaf\n"
    "reject V Ann\n" "is V canceled\n" "told reservation.rejected task.canceled\n"
    "turn 20\n" "is U canceled\n" "refused does not exist | task W target=WK00000000000000000000000000000000\n" },

{ "To one worker, if he can: otherwise it fails at once",
    ONE_QUEUE "worker Ann Available\n" "task T target=Ann respectful\n" "offered T Ann\n" "deaf\n"
    "task U target=Ann respectful queue=Q\n" "is U canceled\n" "because U RoutingTarget SLA for Reservation creation was not met\n"
    "told task-queue.entered task.created reservation.failed task.canceled\n" },

{ "Straight into a queue, or into a workflow",
    "queue A\n" "queue B\n" "workflow One {\"task_routing\":{\"default_filter\":{\"queue\":\"@A\"}}}\n"
    "workflow Two {\"task_routing\":{\"default_filter\":{\"queue\":\"@B\"}}}\n"
    "refused 400 WorkflowSid field is required | task T\n"
    "task T target=B\n" "in T B\n" "task U target=Two\n" "in U B\n" "task V workflow=One queue=B\n" "in V A\n"
    "worker Ann Available\n" "offered T Ann\n" "reject T Ann Break\n" "in T B\n" "is T pending\n" },

/* --- ends of time */
{ "A task that nobody takes in its time is canceled, reserved or not",
    "queue Q\n" "workflow Main timeout=100 {\"task_routing\":{\"default_filter\":{\"queue\":\"@Q\"}}}\n"
    "task T timeout=60\n" "turn 59\n" "is T pending\n" "turn 1\n" "is T canceled\n" "because T Task TTL Exceeded\n"
    "worker Ann Available\n" "task U timeout=60\n" "turn 60\n" "is U canceled\n" "used Ann default 0 100\n"
    "task V timeout=60\n" "accept V Ann\n" "turn 61\n" "is V assigned\n" },

{ "A thousand offers are enough",
    ONE_QUEUE "worker Ann Available\n" "task T\n" "repeat 999 reject T Ann\n" "is T reserved\n" "deaf\n" "reject T Ann\n" "is T canceled\n"
    "because T Task TTL Exceeded or Max assignment count exceeded\n" "told reservation.rejected task.canceled\n" "task U\n" "offered U Ann\n" },

{ "A thousand in one step and nobody for it: the others are not kept waiting",
    "queue Q\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"expression\":\"x == 1\",\"targets\":[{\"queue\":\"@Q\",\"expression\":\"worker.lang == 'fr'\"}]}],\"default_filter\":{\"queue\":\"@Q\"}}}\n"
    "task A {\"x\":1}\n" "task B {\"x\":1}\n" "task C\n" "task D {\"x\":1}\n" "worker Ann Available {\"lang\":\"en\"}\n" "offered C Ann\n"
    "is A pending\n" "worker Bob Available {\"lang\":\"fr\"}\n" "offered A Bob\n" },

{ "What is assigned for a day is deleted by the system",
    ONE_QUEUE "worker Ann Available\n" "task T\n" "accept T Ann\n" "deaf\n" "turn 86399\n" "is T assigned\n" "turn 1\n" "gone T\n"
    "told reservation.completed task.system-deleted\n" "used Ann default 0 100\n" },

/* --- what must not be deleted */
{ "What is in use stays",
    ONE_QUEUE "worker Ann Available\n" "task T\n"
    "refused while it has reservations | remove Ann\n" "refused the queue of a Task | remove Q\n" "refused the workflow of a Task | remove Main\n"
    "refused the activity of a Worker | remove Available\n" "refused default activity | remove Offline\n"
    "accept T Ann\n" "finish T\n"
    "refused used by Workflow | remove Q\n" "remove Main\n" "remove Q\n" "remove Ann\n" "remove Break\n" "remove Available\n" "turn 300\n" },

{ "A workspace goes with all that is in it",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Break\n" "channel fax\n" "task T\n" "task U\n" "accept T Ann\n" "deaf\n" "demolish\n" "told workspace.deleted\n"
    "turn 400\n" "gone T\n" "reload\n" },

{ "Many tasks are sent through a changed workflow one slice after the other, also after a restart",
    "queue A\n" "queue B\n" "queue C\n" "workflow Main {\"task_routing\":{\"default_filter\":{\"queue\":\"@A\"}}}\n"
    "task First\n" "repeat 450 task T\n" "task Last\n" "in First A\n" "in Last A\n"
    "undo rewrite Main again {\"task_routing\":{\"default_filter\":{\"queue\":\"@C\"}}}\n" "turn 1\n" "in First A\n"
    "rewrite Main again {\"task_routing\":{\"default_filter\":{\"queue\":\"@B\"}}}\n" "in First A\n" "in Last A\n"
    "reload\n" "in First A\n" "cancel Last\n" "turn 1\n" "in First B\n" "in T B\n" "in Last A\n"
    "rewrite Main {\"task_routing\":{\"default_filter\":{\"queue\":\"@C\"}}}\n" "turn 1\n" "in T B\n"
    "rewrite Main again {\"task_routing\":{\"default_filter\":{\"queue\":\"@A\"}}}\n"
    "rewrite Main again {\"task_routing\":{\"default_filter\":{\"queue\":\"@C\"}}}\n" "turn 1\n" "in First C\n" "in T C\n" },

/* --- instructions */
{ "Accepting and rejecting are instructions, too",
    ONE_QUEUE "worker Ann Available\n" "task T\n" "refused 400 Instruction 'juggle' is not known | instruct T Ann juggle\n"
    "refused 400 Activity 'WA1' does not exist | instruct T Ann reject WorkerActivitySid=WA1\n"
    "instruct T Ann reject\n" "offered T Ann\n" "instruct T Ann accept\n" "is T assigned\n"
    "refused because it is accepted | instruct T Ann reject\n" },

{ "What wants a call is checked, told and, without a telephone, refused and not told",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Offline {\"contact_uri\":\"client:bob\"}\n" "task T\n" "deaf\n"
    "refused The task has no attribute call_sid | instruct T Ann dequeue\n"
    "refused CallFrom is missing | instruct T Ann call\n"
    "refused CallUrl is missing | instruct T Ann call CallFrom=+1555\n"
    "refused Neither CallTo nor the worker's contact_uri | instruct T Ann call CallFrom=+1555 CallUrl=https://a.example\n"
    "refused no number to call from | instruct T Ann call CallFrom=+1555 CallUrl=https://a.example CallTo=client:ann\n"
    "refused CallTo 'ann' is not valid | instruct T Ann call CallTo=ann\n" "refused CallUrl 'ftp://a' is not valid | instruct T Ann call CallUrl=ftp://a\n"
    "refused CallTimeout '1000' is not valid | instruct T Ann call CallTimeout=1000\n"
    "refused RedirectCallSid is missing | instruct T Ann redirect\n" "refused RedirectCallSid 'CA1' is not valid | instruct T Ann redirect RedirectCallSid=CA1\n"
    "refused neither an attribute call_sid nor outbound_to | instruct T Ann conference To=+1555\n"
    "refused is pending | instruct T Ann supervise Supervisor=x\n" "refused is pending | instruct T Ann hold-customer\n" "told\n"
    "telephone yes\n"
    "instruct T Ann call CallFrom=+1555 CallUrl=https://a.example CallTo=client:ann CallTimeout=30 CallAccept=yes\n"
    "told instruction.call\n" "asked {\"from\":\"+1555\",\"url\":\"https://a.example\",\"to\":\"client:ann\",\"accept\":true,\"timeout\":30}\n"
    "is T reserved\n" "accept T Ann\n" "refused is accepted | instruct T Ann call\n" },

{ "A queued call, a conference and who listens to it",
    ONE_QUEUE "telephone yes\n" "worker Ann Available {\"contact_uri\":\"client:ann\"}\n" "worker Bob Available\n" "worker Eve Offline {\"contact_uri\":\"client:eve\"}\n"
    "task T {\"call_sid\":\"CA1\",\"from\":\"+1\"}\n" "deaf\n"
    "refused DequeuePostWorkActivitySid 'WA1' is not valid | instruct T Ann dequeue DequeuePostWorkActivitySid=WA1\n"
    "refused DequeueStatusCallbackEvent 'initiated,exploded' | instruct T Ann dequeue DequeueStatusCallbackEvent=initiated,exploded\n"
    "refused DequeueRecord 'perhaps' | instruct T Ann dequeue DequeueRecord=perhaps\n"
    "instruct T Ann dequeue DequeueStatusCallbackEvent=initiated,ringing DequeueRecord=record-from-answer\n"
    "asked {\"record\":\"record-from-answer\",\"status_callback_events\":[\"initiated\",\"ringing\"]}\n"
    "instruct T Ann conference Record=true SipAuthPassword=hush SipAuthUsername=ann MaxParticipants=3 StatusCallbackEvent=[\"completed\"]\n"
    "asked {\"status_callback_event\":[\"completed\"],\"record\":true,\"max_participants\":3,\"sip_auth_username\":\"ann\"}\n"
    "accept T Ann\n" "told instruction.dequeue instruction.conference reservation.accepted task.updated\n"
    "refused Supervisor is missing | instruct T Ann supervise\n"
    "refused has no contact_uri | instruct T Ann supervise Supervisor=@Bob\n" "instruct T Ann supervise Supervisor=@Eve SupervisorMode=whisper\n"
    "refused SupervisorMode 'shout' | instruct T Ann supervise Supervisor=@Eve SupervisorMode=shout\n"
    "instruct T Ann hold-customer Hold=true HoldUrl=https://a.example/wait\n" "asked {\"hold\":true,\"hold_url\":\"https://a.example/wait\"}\n"
    "instruct T Ann update-worker Mute=true\n" "refused Hold is missing | instruct T Ann hold-worker TargetWorkerSid=@Bob\n"
    "refused TargetWorkerSid is missing | instruct T Ann kick-worker\n" "instruct T Ann kick-worker TargetWorkerSid=@Bob\n"
    "transfer T Ann Bob\n" "refused not allowed while the task is being transferred | instruct T Bob dequeue DequeueTo=+1555\n"
    "refused no conference.sid | instruct T Bob conference To=+1555\n" "telephone no\n"
    "refused The task has no conference | instruct T Ann hold-customer\n" "refused no conference to join | instruct T Ann supervise Supervisor=@Eve\n"
    "update T {\"call_sid\":\"CA1\",\"conference\":{\"sid\":\"CF1\"}}\n" "refused no number to call from | instruct T Bob conference To=+1555\n" },

/* --- one task at a time */
{ "A workspace in which a worker has one task at a time: the work moves him, and he says when he is free again",
    "refused MultiTaskEnabled | monotask\n"
    "single\n" ONE_QUEUE "worker Ann Idle\n" "deaf\n"
    "task T\n" "at Ann Reserved\n" "used Ann voice 0 100\n"
    "told workflow.entered task-queue.entered task.created workflow.target-matched reservation.created worker.activity.update\n"
    "task U channel=voice\n" "is U pending\n" "deaf\n"
    "accept T Ann\n" "at Ann Busy\n" "is T assigned\n" "is U pending\n" "told reservation.accepted worker.activity.update task.updated\n"
    "activity Ann Idle\n" "is U pending\n" "deaf\n"
    "finish T\n" "at Ann Reserved\n" "offered U Ann\n" "told task.completed reservation.completed task.updated reservation.created worker.activity.update\n"
    "accept U Ann\n" "deaf\n" "complete U Ann\n" "is U completed\n" "at Ann Busy\n" "told reservation.completed task.completed task.updated\n"
    "task V\n" "is V pending\n" "activity Ann Idle\n" "offered V Ann\n" },

{ "Where one at a time is the rule, an offer that comes to nothing takes the worker back to where he was",
    "single\n" "queue Q most=2\n" "workflow Main timeout=20 {\"task_routing\":{\"default_filter\":{\"queue\":\"@Q\"}}}\n"
    "worker Ann Idle\n" "worker Bob Idle\n" "task T\n" "offered T Ann Bob\n" "at Ann Reserved\n" "at Bob Reserved\n"
    "accept T Bob\n" "at Ann Idle\n" "at Bob Busy\n"
    "task U\n" "offered U Ann\n" "cancel U\n" "at Ann Idle\n"
    "task V\n" "at Ann Reserved\n" "reject V Ann Offline\n" "at Ann Offline\n" "is V pending\n" "activity Ann Idle\n" "at Ann Reserved\n"
    "turn 20\n" "at Ann Offline\n" "is V pending\n" "cancel V\n" "activity Ann Idle\n"
    "task W\n" "at Ann Reserved\n" "activity Ann Busy\n" "reject W Ann\n" "at Ann Busy\n" "is W pending\n"
    "activity Ann Idle\n" "offered W Ann\n" "reject W Ann\n" "at Ann Reserved\n" "offered W Ann\n"
    "activity Ann Offline rejecting\n" "at Ann Offline\n" "is W pending\n" },

{ "Where one at a time is the rule: nobody wraps up or hands on, and a RoutingTarget must have nothing in hand",
    "single\n" ONE_QUEUE "worker Ann Offline\n" "worker Bob Idle\n"
    "task T target=Ann queue=Q\n" "offered T Ann\n" "at Ann Reserved\n" "accept T Ann\n" "at Ann Busy\n"
    "refused Wrapping up is possible only | wrap T Ann\n" "refused Wrapping up | wrapup T\n" "refused A transfer | transfer T Ann Bob\n"
    "deaf\n" "task U target=Ann queue=Q\n" "is U canceled\n" "because U RoutingTarget SLA for Reservation creation was not met\n"
    "task V target=Bob\n" "offered V Bob\n" "at Bob Idle\n" "accept V Bob\n" "at Bob Idle\n" "task W\n" "is W pending\n"
    "undo finish V\n" "is W pending\n" "undo multi\n" "is W pending\n" "reload\n"
    "finish V\n" "offered W Bob\n" "reject W Bob\n" "offered W Bob\n"
    "undo accept W Bob\n" "at Bob Reserved\n" "accept W Bob\n" "activity Bob Idle\n" "task X channel=chat\n" "is X pending\n"
    "multi\n" "offered X Bob\n" "at Bob Idle\n" "refused cannot be set to false | monotask\n" },

{ "Where one at a time is the rule a queue has both activities; those that are not named are Reserved and Busy",
    "single\n" "rename Reserved Asked\n"
    "refused ReservationActivitySid is required | queue Q\n" "queue Q reserved=Asked\n"
    "rename Busy Engaged\n" "refused AssignmentActivitySid is required | queue P reserved=Asked\n" "queue P reserved=Asked assigned=Idle\n"
    "workflow Main {\"task_routing\":{\"default_filter\":{\"queue\":\"@P\"}}}\n" "worker Ann Idle\n"
    "task T\n" "at Ann Asked\n" "accept T Ann\n" "at Ann Idle\n" "task U\n" "is U pending\n" "finish T\n" "offered U Ann\n" "at Ann Asked\n"
    "reject U Ann Offline\n" "refused used by a TaskQueue | remove Asked\n" },

{ "What was demolished can be undone, with all that was counted and all who waited",
    "queue Q : skills HAS 'a'\n" "queue L LIFO most=2\n" "channel fax\n"
    "workflow Main {\"task_routing\":{\"filters\":[{\"expression\":\"l == 1\",\"targets\":[{\"queue\":\"@L\"}]},"
      "{\"targets\":[{\"queue\":\"@Q\",\"expression\":\"worker.channel.fax.assigned_tasks == 0\"}]}]}}\n"
    "worker Ann Available {\"skills\":[\"a\"]}\n" "worker Bob Available\n" "worker Cid Break\n"
    "task A\n" "task B\n" "task C {\"l\":1}\n" "task D channel=fax {\"l\":1}\n" "accept C Bob\n" "task E\n" "task F {\"l\":1}\n"
    "undo demolish\n" "undo finish C\n" "undo delete C\n" "undo remove Cid\n" "undo remove fax\n" "undo order L FIFO\n" "undo target Q : 1==1\n"
    "undo activity Cid Available\n" "undo channel pigeon\n" "undo worker Dee Available {\"skills\":[\"a\"]}\n" "undo queue Z\n"
    "undo workflow Other {\"task_routing\":{\"default_filter\":{\"queue\":\"@Q\"}}}\n" "undo task G\n" "undo optimize voice\n" "undo rename Break Lunch\n"
    "undo rewrite Main again {\"task_routing\":{\"default_filter\":{\"queue\":\"@L\"}}}\n" "undo prefer LIFO\n" "undo update A channel=voice {\"l\":1}\n" },

/* --- transfers */
{ "A warm transfer: both have the task when it is accepted, and it ends with the last of them",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Offline\n" "task T\n" "accept T Ann\n"
    "refused who is not available | transfer T Ann Bob\n"
    "activity Bob Available\n" "deaf\n"
    "transfer T Ann Bob\n"
    "told task.transfer-initiated reservation.created task.updated\n"
    "is T reserved\n" "handed T initiated\n" "held T Ann accepted Bob pending\n" "used Ann default 1 0\n" "used Bob default 1 0\n"
    "refused because it is not currently assigned. | finish T\n"
    "refused because it is not currently assigned. | transfer T Ann Bob\n"
    "accept T Bob\n"
    "told reservation.accepted task.transfer-completed task.updated\n"
    "is T assigned\n" "handed T complete\n" "held T Ann accepted Bob accepted\n"
    "refused is already complete . Cannot cancel transfer. | recall T\n"
    "wrap T Ann\n" "is T assigned\n" "complete T Ann\n" "is T assigned\n" "used Ann default 0 100\n"
    "wrap T Bob\n" "is T wrapping\n" "complete T Bob\n" "is T completed\n"
    "turn 300\n" "gone T\n" },

{ "A cold transfer: the transferor wraps up at once, and completing leaves the task open",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Available\n" "task T\n" "accept T Ann\n" "deaf\n"
    "transfer T Ann Bob cold\n"
    "told task.transfer-initiated reservation.created task.updated reservation.wrapup\n"
    "held T Ann wrapping Bob pending\n" "complete T Ann\n" "is T reserved\n" "held T Bob pending\n"
    "accept T Bob\n" "is T assigned\n" "finish T\n" "is T completed\n" },

{ "A worker who rejects gives it back to the transferor, who may try again",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Available\n" "task T\n" "accept T Ann\n" "transfer T Ann Bob\n" "deaf\n"
    "reject T Bob\n" "told reservation.rejected task.transfer-failed task.updated\n"
    "is T assigned\n" "handed T failed Transfer failed because the reservation was rejected\n" "held T Ann accepted\n"
    "transfer T Ann Bob\n" "is T reserved\n" "handed T initiated\n" "accept T Bob\n" "handed T complete\n" "finish T\n" },

{ "So does one who does not answer in the workflow's time, or cannot be reached",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Available\n" "task T\n" "accept T Ann\n" "turn 600\n" "transfer T Ann Bob\n" "deaf\n"
    "turn 19\n" "is T reserved\n" "turn 1\n"
    "told reservation.timeout task.transfer-failed task.updated worker.activity.update\n"
    "is T assigned\n" "handed T failed Transfer failed because the reservation timed out\n" "at Bob Offline\n"
    "activity Bob Available\n" "transfer T Ann Bob\n" "fail T Bob\n"
    "is T assigned\n" "handed T failed Transfer failed because the reservation was canceled\n" },

{ "Canceled by the transferor",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Available\n" "task T\n" "accept T Ann\n" "transfer T Ann Bob\n" "deaf\n"
    "recall T\n" "told task.transfer-canceled reservation.canceled task.updated\n"
    "is T assigned\n" "handed T canceled\n" "held T Ann accepted\n" "used Bob default 0 100\n"
    "refused is already canceled . Cannot cancel transfer. | recall T\n"
    "transfer T Ann Bob\n" "accept T Bob\n" "handed T complete\n" },

{ "To a queue: whoever is free there, in its order, without the workflow's steps",
    "queue Q\n" "queue Else : skills HAS 'x'\n"
    "workflow Main timeout=20 {\"task_routing\":{\"filters\":[{\"targets\":[{\"queue\":\"@Q\",\"expression\":\"worker.known == true\",\"timeout\":30}]}]}}\n"
    "worker Ann Available {\"known\":true}\n" "worker Bob Available {\"skills\":[\"x\"]}\n"
    "task T\n" "accept T Ann\n" "turn 60\n" "deaf\n"
    "transfer T Ann Else\n"
    "told task.transfer-initiated task-queue.moved task-queue.entered reservation.created task.updated\n"
    "in T Else\n" "held T Ann accepted Bob pending\n"
    "accept T Bob\n" "is T assigned\n" "handed T complete\n" "in T Else\n"
    "finish T\n" },

{ "In a queue a rejection is an attempt, and the next one follows, also when somebody comes later",
    ONE_QUEUE "queue Else : skills HAS 'x'\n"
    "worker Ann Available\n" "worker Bob Available {\"skills\":[\"x\"]}\n" "task T\n" "accept T Ann\n" "transfer T Ann Else\n" "deaf\n"
    "reject T Bob Offline\n"
    "told worker.activity.update reservation.rejected task.transfer-attempt-failed task.updated\n"
    "is T pending\n" "held T Ann accepted\n"
    "handed T initiated Transfer attempt failed on reservation reject because there are no more pending reservations\n"
    "wrap T Ann\n" "complete T Ann\n" "is T pending\n" "update T {\"a\":1}\n" "in T Else\n"
    "turn 7200\n" "is T pending\n" "reload\n"
    "activity Bob Available\n" "held T Bob pending\n" "accept T Bob\n" "handed T complete\n" },

{ "Several offers of a queue: one rejection is no failed attempt; recalled, it is back where it was",
    ONE_QUEUE "queue Else most=2 : skills HAS 'x'\n"
    "worker Ann Available\n" "worker Bob Available {\"skills\":[\"x\"]}\n" "worker Cid Available {\"skills\":[\"x\"]}\n"
    "task T\n" "accept T Ann\n" "transfer T Ann Else\n" "held T Ann accepted Bob pending Cid pending\n" "deaf\n"
    "reject T Bob\n" "told reservation.rejected\n" "is T reserved\n" "handed T initiated\n"
    "recall T\n" "is T assigned\n" "in T Q\n" "held T Ann accepted\n" },

{ "To a queue that has only the transferor: he gets it again if he has room",
    ONE_QUEUE "worker Ann Available\n" "task T\n" "accept T Ann\n"
    "transfer T Ann Q\n" "is T pending\n" "capacity Ann default 2\n" "held T Ann accepted Ann pending\n" "recall T\n" "is T assigned\n" },

{ "A cold transfer that fails: nobody has the customer, so the task waits where it came from",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Available\n" "task T\n" "accept T Ann\n" "transfer T Ann Bob cold\n" "complete T Ann\n" "activity Ann Break\n" "deaf\n"
    "reject T Bob Offline\n" "told worker.activity.update reservation.rejected task.transfer-failed task.updated\n"
    "is T pending\n" "handed T failed\n" "activity Ann Available\n" "held T Ann pending\n" "accept T Ann\n"
    "transfer T Ann Ann cold\n" "recall T\n" "is T pending\n" },

{ "A task for one worker can be handed on like any other",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Available\n" "task T target=Ann queue=Q\n" "accept T Ann\n"
    "transfer T Ann Q\n" "held T Ann accepted Bob pending\n" "activity Bob Offline rejecting\n" "is T pending\n"
    "activity Bob Available\n" "accept T Bob\n" "is T assigned\n"
    "task U target=Ann\n" "accept U Ann\n" "transfer U Ann Bob cold\n" "complete U Ann\n" "activity Ann Break\n" "reject U Bob Offline\n" "is U pending\n" },

{ "The task ends under a transfer",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Available\n" "task T\n" "accept T Ann\n" "transfer T Ann Bob\n" "deaf\n"
    "cancel T\n" "told task.canceled task.transfer-failed reservation.completed reservation.canceled\n"
    "handed T failed Transfer failed because the task was canceled\n" "is T canceled\n"
    "task U\n" "accept U Ann\n" "transfer U Ann Bob\n" "deaf\n"
    "delete U\n" "told task.transfer-failed reservation.completed reservation.canceled task.deleted\n"
    "task V\n" "accept V Ann\n" "transfer V Ann Bob\n" "turn 20\n" "activity Bob Available\n" "deaf\n" "turn 86379\n" "is V assigned\n" "turn 1\n" "gone V\n" "turn 300\n" },

{ "What cannot be handed on, and to whom not",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Available\n" "task T\n"
    "refused 400 Cannot transfer task @T in workspace | transfer T Ann Bob\n"
    "accept T Ann\n" "refused is not a worker or task queue of this workspace | transfer T Ann Main\n"
    "task U\n" "accept U Bob\n" "transfer T Ann Bob\n" "held T Ann accepted Bob pending\n"
    "refused the queue of a Task | remove Q\n" "refused cannot be deleted | remove Ann\n" },

{ "A transfer that is undone leaves no trace",
    ONE_QUEUE "queue Else : 1==1\n" "worker Ann Available\n" "worker Bob Available\n" "task T\n" "accept T Ann\n"
    "undo transfer T Ann Bob\n" "undo transfer T Ann Else cold\n" "transfer T Ann Else cold\n"
    "undo recall T\n" "undo reject T Bob\n" "undo accept T Bob\n" "undo cancel T\n" "undo delete T\n" "undo complete T Ann\n" "undo demolish\n"
    "reload\n" "accept T Bob\n" },

{ "What was refused leaves no trace",
    ONE_QUEUE "worker Ann Available\n" "worker Bob Offline\n" "task T\n"
    "refused the same friendly name | name Bob ann\n"
    "refused 400 | rewrite Main again {\"task_routing\":{\"default_filter\":{\"queue\":\"WQ00000000000000000000000000000000\"}}}\n"
    "refused 400 | task U {\"x\":\n" "refused 400 | attributes Ann {\"x\":\n" "refused 400 | update T {\"x\":\n" },
};
/* clang-format on */

static void plays(void **state)
{
    const size_t i = *(const size_t *)*state;
    struct story s = { .title = stories[i].title };

    story_open(&s);
    story_play(&s, stories[i].lines);
    story_close(&s);
}

enum { STORIES = sizeof stories / sizeof *stories };

int main(void)
{
    static size_t numbers[STORIES];
    static struct CMUnitTest tests[STORIES];

    for (size_t i = 0; i < STORIES; i++) {
        numbers[i] = i;
        tests[i] = (struct CMUnitTest){ .name = stories[i].title, .test_func = plays, .initial_state = &numbers[i] };
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
