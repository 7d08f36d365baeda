// What happens at the customer's home: television, equipment, technicians.
import type { Topic } from './topic.ts';

export const FIELD: readonly Topic[] = [
  {
    key: 'tv',
    theme: 'tv-service',
    departments: ['operations'],
    sentiment: -1,
    access: 'fixed',
    weights: [5, 3, 3],
    titles: [
      'TV [picture|channels] [freezing|breaking up|missing]',
      '[No|Lost] [channels|sound|picture] on [the TV box|BrindleTV]',
      '[Recordings|Catch-up] [gone|not working]',
    ],
    reports: [
      'The [picture|image] [freezes|breaks into blocks|goes black] {daily} on [BrindleTV|the TV box|all TVs].',
      '[Half the channels|The sports channels|Channels above {count}] [are missing|show an error|say "no signal"] {lately}.',
      'My recordings [are gone|stop half way|will not play] {lately}.',
      'Sound and picture are [out of step|seconds apart] {lately}.',
    ],
    details: [
      '{tried}.',
      'The internet itself [works|is fine].',
      'We missed [the match|the final|half the film] because of it.',
      'It shows error {count}-{count}.',
    ],
    short: [
      'TV [freezing|pixelated|black] [during the match|again|{daily}]',
      'channels missing {lately}',
      'BrindleTV box [stuck|dead|{awful}]',
    ],
  },
  {
    key: 'equipment',
    theme: 'equipment',
    departments: ['operations'],
    sentiment: -1,
    access: 'fixed',
    weights: [7, 2, 3],
    titles: [
      '[Faulty|Broken|Dead] {device}',
      '{device} [overheats|restarts by itself|will not start]',
      '[Replacement|New] {device} needed',
      'Wi-Fi does not reach [upstairs|the office|half the house]',
    ],
    reports: [
      'The {device} you sent [restarts by itself|overheats|loses its settings|is dead] {lately}.',
      'The [new|replacement] {device} [does not work|never came online|is worse than the old one].',
      'Wi-Fi from the {device} does not reach [upstairs|the bedroom|the next room].',
      'One of the ports on the {device} [is broken|does nothing|wobbles].',
    ],
    details: [
      '{tried}.',
      '{lights}.',
      'It is [four|five|six|seven] years old.',
      'Please [send a new one|swap it|replace it].',
    ],
    short: [
      'the {device} is [rubbish|{awful}|on its last legs]',
      '{device} reboots {daily}',
      'third {device} this year',
    ],
  },
  {
    key: 'technician-missed',
    theme: 'installation-or-technician',
    departments: ['operations', 'customer-service'],
    sentiment: -1,
    access: 'fixed',
    weights: [6, 3, 4],
    titles: [
      '[Technician|Engineer] [did not come|no show|missed the appointment]',
      '[Missed|Cancelled] appointment [on {weekday}|]',
      '[Installation|Activation] [delayed|postponed] [again|for the third time|]',
    ],
    reports: [
      'The [technician|engineer|installer] [did not show up|never came|was a no show] on {weekday}.',
      'I [took the day off|waited from eight to five|waited all day] and [nobody came|no one called].',
      'My [installation|activation|move] has been [put off|postponed|rescheduled] {count} times.',
      'The installer [left half way|left cables hanging|drilled and vanished] on {weekday}.',
    ],
    details: [
      'The next [date|slot] offered is in [three|four|five] weeks.',
      'I only got a text that [I was not at home|the visit was done], which is [not true|wrong].',
      'We are [still|] without a connection because of it.',
    ],
    short: [
      'technician no show [again|on {weekday}|]',
      'waited all day, nobody came',
      'installation postponed {count} times',
    ],
  },
  {
    key: 'technician-praise',
    theme: 'installation-or-technician',
    departments: ['operations', 'customer-service'],
    sentiment: 1,
    access: 'fixed',
    weights: [0, 1, 0],
    titles: ['Thanks to your technician'],
    reports: [
      'The [technician|engineer|installer] was [{good}|on time and friendly|quick and tidy] and [fixed everything|had us online] in [half an hour|no time|twenty minutes].',
      'Installation of {product} went [smoothly|without a hitch], {good} [work|job].',
    ],
    details: ['He even [tidied up|explained everything|moved the {device} for us].', 'Well done.'],
    short: [
      '{good} technician, [on time|friendly|very tidy]',
      'installed in [half an hour|twenty minutes], [perfect|{good}]',
      'the engineer [solved it at once|knew what he was doing]',
    ],
  },
];
