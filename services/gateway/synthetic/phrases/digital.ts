// The app, the website, accounts, numbers, fraud.
import type { Topic } from './topic.ts';

export const DIGITAL: readonly Topic[] = [
  {
    key: 'app',
    theme: 'app-or-website',
    departments: ['it'],
    sentiment: -1,
    access: 'any',
    weights: [4, 4, 6],
    titles: [
      '[App|Website|Self-care page] [error|not working|will not load]',
      'MyBrindle app [crashes|freezes] {daily}',
    ],
    reports: [
      'The MyBrindle app [crashes|freezes|shows a white page] [when I open it|when I open my bill|{daily}].',
      'Your [website|self-care page|order form] [gives error {count}|does not load|loses everything I typed] {lately}.',
      'The chat bot [goes in circles|answers something else|does not understand a word].',
      'I cannot [pay|top up|change my plan|see my usage] in the app.',
    ],
    details: [
      '[Reinstalled|Updated] it, same thing.',
      'Last tried at {clock}.',
      'Happens on [my {phone}|two phones|every browser].',
      'It [worked|was fine] [before|last month].',
    ],
    short: [
      'app [crashes|is slow|keeps logging me out]',
      'the website is [{awful}|down again|so confusing]',
      'chat bot is useless',
      'cannot see my usage in the app',
    ],
  },
  {
    key: 'app-release',
    theme: 'app-or-website',
    departments: ['it'],
    sentiment: -1,
    access: 'any',
    weights: [0, 0, 0],
    titles: [
      'App {version} [crashes|does not start]',
      'App broken since update [{version}|]',
      'Update {version}: [no login|blank page|wrong balance]',
    ],
    reports: [
      'Since [the update|version {version}] the MyBrindle app [crashes at start|does not open|logs me out at once].',
      "Version {version} shows [a blank page|the wrong balance|someone else's plan name|no bills].",
      'Updated to {version} [this morning|last night|today] and now I cannot [log in|pay|top up|open it].',
    ],
    details: [
      'Please [bring back the old one|fix the app|roll it back].',
      '[Reinstalling|Restarting] does not help.',
      'On a [new|two year old] {phone}.',
      'Did anyone test this?',
    ],
    short: [
      'app {version} is broken',
      'do NOT update to {version}',
      'new app crashes at start',
      'whoever released {version}, take it back',
    ],
  },
  {
    key: 'app-praise',
    theme: 'app-or-website',
    departments: ['it'],
    sentiment: 1,
    access: 'any',
    weights: [0, 1, 0],
    titles: ['The new app'],
    reports: [
      'The app is [{good}|quick and clear|easy to use], I [pay|top up|see everything] in [seconds|two taps].',
    ],
    details: ['Keep it up.', 'Even my father can use it.'],
    short: [
      '[easy|simple|quick] app',
      'the app is {good}',
      'paying in the app takes seconds',
      'love the usage page in the app',
    ],
  },
  {
    key: 'login',
    theme: 'account-access',
    departments: ['it'],
    sentiment: -1,
    access: 'any',
    weights: [6, 3, 2],
    titles: [
      '[Cannot|Unable to] log in',
      '[Password|Code] [reset|] [does not work|never arrives]',
      '[Locked out|Account blocked]',
      'E-mail [account|mailbox] [not working|locked]',
    ],
    reports: [
      'I cannot log in to [my account|the portal|the app] {lately}, it says [wrong password|account locked|try again later].',
      'The [reset link|login code|confirmation mail] never [arrives|comes].',
      'My [mailbox|e-mail with you] [rejects my password|does not receive anything|is locked] {lately}.',
    ],
    details: [
      'I tried [three|four|five] browsers.',
      'I need to [see|pay] my bill.',
      'The reset page sends me back to the [start|login].',
    ],
    short: [
      'locked out of my account [again|]',
      'login [broken|not working] [for anyone else?|]',
      'password reset mail never comes',
    ],
  },
  {
    key: 'porting',
    theme: 'account-access',
    departments: ['customer-service'],
    sentiment: -1,
    access: 'mobile',
    weights: [3, 1, 1],
    titles: [
      'Number [porting|transfer] [delayed|stuck]',
      'SIM [activation|registration] [failed|pending]',
    ],
    reports: [
      'My number [transfer|porting] has been [stuck|pending] {lately}.',
      'The new [SIM|eSIM] is still not [active|registered] {lately}.',
    ],
    details: [
      'I have two half-working phones now.',
      'Every time I am told [24 more hours|tomorrow|to wait].',
    ],
    short: ['porting stuck {lately}', 'SIM still not active'],
  },
  {
    key: 'fraud',
    theme: 'privacy-or-fraud',
    departments: ['billing'],
    sentiment: -1,
    access: 'any',
    weights: [2, 1, 1],
    titles: [
      '[Contract|Order] in my name I did not [make|sign]',
      '[Scam|Fraud] [call|text] in the name of {brand}',
      'Unknown [SIM|device] on my account',
    ],
    reports: [
      'Someone [ordered|bought] [a phone|a second line|{product}] in my name [and I got the bill of {amount}|].',
      'I got a [call|text] from someone [claiming|pretending] to be {brand} asking for my [card|account] number.',
      'There are [premium|subscription] charges of {amount} on my bill from [someone who has my data|a service I never used].',
    ],
    details: ['I [reported|have reported] it to the police.', 'Please block it [at once|today].'],
    short: ['scam texts in the name of {brand}', 'someone ordered a phone in my name'],
  },
];
