// Faults of the network: outages, unstable and slow lines, coverage, calls.
import type { Topic } from './topic.ts';

const OUTAGE_FIXED: Topic = {
  key: 'outage-fixed',
  theme: 'outage',
  departments: ['operations'],
  sentiment: 0,
  access: 'fixed',
  weights: [9, 5, 3],
  titles: [
    '[No|Total loss of] [internet|broadband|connection|service] {place}',
    '[Internet|Broadband|Line] [down|dead|out] [since {clock}|{since}|]',
    'Complete outage [at home|{place}|in our building]',
    '{technology} [outage|down] {place}',
    'No connection [at all|], {lights}',
    'Everything is offline [{place}|{since}]',
  ],
  reports: [
    '[My|Our|The] [internet|broadband|connection|{technology} line] has been [down|out|dead|completely off] {since}.',
    'We have had no [internet|service|connection] [at all|] {place} {since}.',
    'There is [a total outage|no service|nothing at all] {place} {since}.',
    'The [whole street|building|house|block] [lost|has lost] its [internet|connection|broadband] {since}.',
    'Nothing works: {lights} on the {device} and no page loads {since}.',
    '[Internet and phone are|Internet and TV are|The connection is] [both|all|] gone {place} {since}.',
  ],
  details: [
    '{who} [has the same problem|is offline too|has nothing either].',
    '{tried}.',
    '{lights} on the {device}.',
    'I cannot {activity}.',
    'Your status page [says everything is fine|shows nothing|does not even load].',
    'It went [off|dead] at {clock} and [has not come back|never returned].',
    'Is there [an outage|a cable cut|maintenance] in {city}?',
  ],
  short: [
    '[Internet|Broadband|{brand}] [down|out|dead] {place} {since}',
    'no [internet|connection|service] {place} [again|], anyone else?',
    'is {brand} down [in {area}|for anyone else|{place}]?',
    'total [outage|blackout] {place}, {lights}',
    '{area} is offline [again|{since}]',
    'no internet {since}',
  ],
};

const OUTAGE_MOBILE: Topic = {
  key: 'outage-mobile',
  theme: 'outage',
  departments: ['operations'],
  sentiment: 0,
  access: 'mobile',
  weights: [3, 3, 1],
  titles: [
    'No [mobile|{technology}] [network|service] {place} {since}',
    '[Mobile|{technology}] [down|outage] {place}',
    '[Phone|SIM] shows no service {since}',
    'Mast [down|off] {place}',
  ],
  reports: [
    'My {phone} [shows|says|has shown] "[no service|emergency calls only|searching]" {place} {since}.',
    'The [mobile network|{technology} network|mast {site}] is [down|off|dead] {place} {since}.',
    'No calls and no data {place} {since}, it [worked|was fine] [before|yesterday].',
    'We lost all [signal|mobile service] {place} at {clock}.',
  ],
  details: [
    '{who} [has no network either|sees the same|is cut off too].',
    'I cannot {activity}.',
    'I [took the SIM out|restarted the {phone}|tried another {phone}] and it is the same.',
    'It is normally [full bars|perfect] here.',
  ],
  short: [
    'no {brand} [signal|network|service] {place} {since}',
    '[mobile|{technology}] is down {place}, [anyone else?|what happened?]',
    'emergency calls only {place} [again|{since}]',
    '{brand} mast off {place}?',
  ],
};

const UNSTABLE: Topic = {
  key: 'unstable',
  theme: 'unstable-service',
  departments: ['operations'],
  sentiment: -1,
  access: 'fixed',
  weights: [14, 7, 8],
  titles: [
    '[Connection|Internet|Broadband|Line] [drops|keeps dropping|cuts out] {daily}',
    '[Intermittent|Unstable|Unreliable] [connection|internet|service] {place}',
    '{technology} [keeps disconnecting|loses sync] {daily}',
    'Constant [drops|disconnects|dropouts] {lately}',
  ],
  reports: [
    '[My|Our|The] [internet|connection|{technology}] [drops|cuts out|disconnects|goes off] {daily}.',
    'The connection has been [unstable|up and down|on and off|dropping] {lately}.',
    'It [works|holds] for [ten minutes|an hour|a while] and then [drops|dies|disconnects], {lately}.',
    '{lately}, the line loses [sync|connection] {daily} and [takes ages|needs minutes] to come back.',
    'I get thrown out of [every meeting|calls|games] because the line drops {daily}.',
  ],
  details: [
    '{tried}.',
    'I [counted|logged] {count} drops [yesterday|today|in one day].',
    'The longest [gap|break] was {count} minutes, at {clock}.',
    'Packet loss is [around|over] {count} percent [at those times|].',
    'It makes it impossible to {activity}.',
    'When it drops {lights}.',
    'A [technician|engineer] [was here|came] on {weekday} and it is [no better|just the same].',
  ],
  short: [
    '[connection|internet|wifi] [drops|keeps dropping|cutting out] {daily}',
    'on off on off, {lately}',
    'unstable [connection|line] {lately}',
    'it drops {daily}, {mild} {annoyed}',
    'third disconnect since {clock}',
  ],
};

const SLOW: Topic = {
  key: 'slow',
  theme: 'slow-speed',
  departments: ['operations'],
  sentiment: -1,
  access: 'fixed',
  weights: [9, 5, 7],
  titles: [
    '[Slow|Very slow|Poor] [internet|speeds|broadband|download speed]',
    '{speed} Mbit/s [instead of|on] {product}',
    '[Speed|Download] far below [what was promised|normal] {lately}',
    'Upload [speed|] [almost zero|unusable]',
  ],
  reports: [
    '[My|Our|The] [internet|connection] is [extremely|painfully|far too|very] slow {lately}.',
    'I [measure|get|see] {speed} Mbit/s on {product} {lately}.',
    'Pages [crawl|take forever|time out] and [videos buffer|downloads stall] {lately}.',
    'The speed test [says|shows] {speed} down and [one|two|half a megabit] up.',
  ],
  details: [
    '{tried}.',
    'Measured by cable, not [Wi-Fi|wireless].',
    'It makes it impossible to {activity}.',
    'Last [test|measurement] at {clock}: {speed} Mbit/s.',
    'Ping is [over|around] {count}0 ms.',
    'It used to be [fine|much faster|at full speed].',
  ],
  short: [
    '[slow|so slow|too slow] {lately}',
    '{speed} Mbit/s, [really?|seriously?|is that all?]',
    'speed [is {awful}|dropped to nothing|not as it was]',
    'buffering buffering buffering',
  ],
};

const CONGESTION: Topic = {
  key: 'congestion',
  theme: 'slow-speed',
  departments: ['operations', 'planning'],
  sentiment: -1,
  access: 'fixed',
  weights: [2, 2, 2],
  titles: [
    'Slow [speeds|internet] {peak} {place}',
    '[Congested|Overloaded] [network|{technology}] {place} {peak}',
    'Evening speeds collapse {place}',
    '{area}: {speed} Mbit/s {peak}',
  ],
  reports: [
    'The [internet|network|{technology}] {place} [slows to a crawl|collapses|becomes unusable] {peak}.',
    '{peak} I get {speed} Mbit/s, [in the morning|at noon|at night] it is [perfect|at full speed].',
    'The [network|node|cell] {place} is [clearly|obviously|hopelessly] overloaded {peak}.',
    'Every evening the same: {speed} Mbit/s {place} [until midnight|while everyone is home].',
  ],
  details: [
    '{who} [sees exactly the same|complains about it too].',
    '[So many new houses|Three new blocks|A whole new estate] [have been|were] [built|connected] here and [nothing was|no capacity was] added.',
    'You need [more capacity|to upgrade the node|a second cell] {place}.',
    'It makes it impossible to {activity} {peak}.',
    'This has been going on for [months|half a year|the whole year].',
  ],
  short: [
    'unusable {peak} {place}',
    '{area} is overloaded {peak}, [upgrade it|add capacity|when will you upgrade?]',
    '{speed} Mbit/s {peak}, fine at [noon|four in the morning]',
    'evenings {place} = buffering',
  ],
};

const COVERAGE: Topic = {
  key: 'coverage',
  theme: 'coverage',
  departments: ['planning'],
  sentiment: -1,
  access: 'mobile',
  weights: [5, 5, 6],
  titles: [
    '[No|Weak|Poor] [signal|coverage|reception] {place}',
    '[Dead spot|Coverage gap|No bars] {place}',
    'No {technology} coverage at [home|my address|work]',
    'Indoor [coverage|signal] {place}',
  ],
  reports: [
    'There is [no|hardly any|almost no|very weak] [signal|coverage|reception] {place}.',
    'I have [one bar|no bars|half a bar] [at home|indoors|in the kitchen|on the whole street] {place}.',
    'Your [map|coverage map] [shows|promises] {technology} {place}, [in truth|really|but] there is [nothing|one bar at best].',
    'Between {area} and [the main road|the next village|{city}] the signal [is gone|disappears] [completely|].',
    'I have to [go outside|stand at the window|walk to the road] {place} to [make a call|get a signal|send a message].',
  ],
  details: [
    'It has [always|never] been [like this|any good] [since I moved here|in {count} years|].',
    'A mast [near the school|on the hill|by the station|on the water tower] would [solve it|help everyone].',
    '{who} [has the same trouble|went to another network because of it].',
    'Are there plans to [build here|extend coverage|put up a mast]?',
    'Even [emergency|ordinary] calls are [difficult|a gamble] here.',
  ],
  short: [
    '[no|zero|weak] [signal|coverage|bars] {place}',
    'when will {area} get [proper|decent|any] {technology} [coverage|]?',
    'dead zone {place} [for years|as always|]',
    'signal only [at the window|in the garden|on the roof]',
  ],
};

const CALLS: Topic = {
  key: 'calls',
  theme: 'call-or-message',
  departments: ['operations'],
  sentiment: -1,
  access: 'mobile',
  weights: [6, 3, 4],
  titles: [
    '[Calls|Voice calls] [drop|cut off|break up] {daily}',
    '[Text messages|Codes|SMS] [not arriving|never delivered|arrive hours late]',
    '[Cannot|Unable to] [make|receive] calls',
    '[One-way audio|Echo|Crackling] on calls',
  ],
  reports: [
    '[My|All] calls [drop|cut off|break up] after [a minute|thirty seconds|a short while] {lately}.',
    'The other side [cannot hear me|hears an echo|sounds like a robot] {lately}.',
    'Text messages [arrive hours late|never arrive|fail to send] {lately}.',
    'People who call me get [a busy tone|straight to voicemail|"not available"] {lately}.',
    'My bank codes by text do not [arrive|come through] {lately}.',
  ],
  details: [
    'I [restarted the {phone}|changed the SIM|switched off Wi-Fi calling] and it is the same.',
    'It is worst {place}.',
    'I need it to {activity}.',
    'Last time at {clock}, on {weekday}.',
    'It happens with [every|each] number I [call|try].',
  ],
  short: [
    'calls [drop|cut out] {daily}',
    '[bad|{awful}] call quality {lately}',
    'texts not arriving {lately}',
    'can you hear me? no. every call.',
  ],
};

const GENERAL: Topic = {
  key: 'general-fault',
  theme: 'general-fault',
  departments: ['operations'],
  sentiment: 0,
  access: 'any',
  weights: [4, 2, 2],
  titles: [
    '[Internet|Service|Network|Connection] [issue|issues|problem|fault|trouble]',
    '[Problem|Trouble] with [my|our] {product}',
    '{brand} service',
  ],
  reports: [
    '[Something is wrong|There is a problem|I have trouble] with [my|our] [service|line|{product}] {lately}.',
    '[My|Our] [service|{product}] is not working [properly|as it should] {lately}.',
  ],
  details: ['{tried}.', 'It makes it hard to {activity}.', '{who} has no such trouble.'],
  short: ['[network|service] [issues|problems] {lately}', '{brand} acting up [again|today|]'],
};

export const NETWORK: readonly Topic[] = [
  OUTAGE_FIXED,
  OUTAGE_MOBILE,
  UNSTABLE,
  SLOW,
  CONGESTION,
  COVERAGE,
  CALLS,
  GENERAL,
];
