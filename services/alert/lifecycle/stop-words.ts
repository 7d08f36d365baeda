// Words that are said about everything, and so tell nothing: of the languages that most providers hear.

const lists = [
  // English
  'the and are was were been being for with from its this that these those you they she your our their his her him them ' +
    'not yes can could will would should have has had did does but what when where why how who which there here just got ' +
    'get very too more all any some out about after before still never always only now because than then over again ' +
    "please help thank thanks hello dear don't doesn't can't won't isn't i'm it's didn't wasn't i've we've haven't even " +
    'also into onto off own same such each both much many most other another every few less since until while during ' +
    'through between under above below nor yet one two three say says said tell told know want need like make made back ' +
    'down going went come came see seen take took give gave use used using let may might must shall upon via per',
  // Spanish
  'los las una unos unas que con por para está esta están estoy fue era ser hay muy más mas pero como cuando donde ' +
    'porque mis tus sus nos también nada todo toda todos siempre nunca del sin sobre hasta desde este esto ese eso quién ' +
    'qué cómo dónde gracias hola ellos ellas nosotros desde hace tengo tiene tienen quiero puedo puede',
  // Swahili
  'kwa hii hiyo huu huo hizo hili yangu yako yake yetu wangu wako wake wetu mimi wewe sisi sana pia lakini kama kwamba ' +
    'bila hata bado sasa tafadhali asante',
  // German
  'der die das und ist ich nicht ein eine einen einem einer mit auf für von dem den des sie wir ihr uns mein meine kein ' +
    'keine auch aber oder wenn weil dass was wie noch nur schon seit bei nach zum zur sich hat habe haben sind wird bitte',
  // French
  'les des une est pas que qui dans pour sur avec mon mes votre vos nous vous ils elles mais plus tout tous très bien ' +
    'depuis chez aux ont suis cette ces ses leur merci bonjour',
];

export const stopWords: ReadonlySet<string> = new Set(lists.flatMap((list) => list.split(' ')));
