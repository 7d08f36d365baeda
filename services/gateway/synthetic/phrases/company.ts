// What the provider itself writes: replies to posts, notes and reasons on tickets, survey questions.

export const REPLIES: readonly string[] = [
  '[Hi|Hello|Hey], [sorry to hear that|thanks for letting us know|we understand that is frustrating]. [Please send us your customer number by private message|Could you send us a DM with your postcode|We have opened a ticket for you].',
  '[Hello|Hi there], [our colleagues are looking into it|we are checking this with the team|this has been passed on]. [Thank you for your patience|We will come back to you here].',
  'Thanks for [reaching out|your message|the feedback]! [We will pass it on|Have a nice day|Glad to help].',
];
export const OUTAGE_REPLIES: readonly string[] = [
  '[Hi|Hello], there is a [known fault|disruption] {place}. [A crew is on site|Our technicians are working on it|We expect it back soon]. [Sorry for the trouble|Thank you for your patience].',
  'Sorry about that. [We know about|We see] the disruption {place} and [are working on it|will post here when it is back].',
];
export const THANKS: readonly string[] = [
  '[ok|alright|great], thanks',
  '[sent|done], [check your inbox|thanks]',
  'thank you',
  'still waiting',
  '[will do|DM sent]',
];
export const WORK_NOTES: readonly string[] = [
  '[Line test|Remote test|Diagnostics] [run|done], [result noted|no fault found in the home|signal out of range].',
  'Customer [called|wrote] again, asked for [an update|a time].',
  'Assigned to [the field team|second line|the network desk].',
  'Tried to reach the customer, [no answer|left a message].',
];
export const DESK_NOTES: readonly string[] = [
  'Customer [called|wrote] again, asked for [an update|a time].',
  'Assigned to [the billing desk|the contract desk|second line].',
  'Tried to reach the customer, [no answer|left a message].',
  '[Account|Contract|Invoice] checked, [passed on|reply drafted].',
];
export const HOLD_REASONS: readonly string[] = [
  'waiting for [customer|parts|a technician slot|supplier]',
  'customer not reached',
];
export const OUTAGE_NOTES: readonly string[] = [
  'Linked to area fault [{area}|{site}], repair under way.',
  '[Crew|Technician] [on site|on the way], {damage} [failed|damaged] at {site}.',
];
export const SOLUTIONS: readonly string[] = [
  '[Fixed|Solved] [remotely|by technician|by exchange of the {device}].',
  '[Port|Profile|Line card] reset, customer confirmed.',
  '[Explained|Clarified] [by phone|in writing].',
];
export const DESK_SOLUTIONS: readonly string[] = [
  '[Credit|Correction] [booked|entered], customer informed.',
  '[Explained|Clarified] [by phone|in writing].',
  '[Contract|Account|Record] [corrected|updated], customer informed.',
];
export const OUTAGE_SOLUTIONS: readonly string[] = [
  'Area fault [{area}|{site}] repaired, service [restored|back].',
  'Replaced the {damage} at {site}, service restored.',
];
export const QUESTIONS = {
  nps: 'How likely are you to recommend Brindlewave to a friend or colleague?',
  csat: 'How satisfied are you with how we handled your request?',
  ces: 'How easy was it to get your issue resolved?',
} as const;
export const HASHTAGS: readonly string[] = [
  '#brindlewave',
  '#{cityTag}',
  '#fail',
  '#broadband',
  '#help',
  '#notimpressed',
];
