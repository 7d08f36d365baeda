// What the HTTP side of the query API asks of the store, one function for each address.
import type {
  AggregatesAnswer,
  AreaStatusAnswer,
  FacetsAnswer,
  InsightsAnswer,
  OverviewAnswer,
  PlaceAnswer,
  RankAnswer,
  WavesAnswer,
} from './answers.ts';
import type {
  AggregatesQuestion,
  AreaStatusQuestion,
  InsightsQuestion,
  PlaceQuestion,
  RankQuestion,
  WavesQuestion,
} from './questions.ts';
import type { AlertAnswer, AlertsAnswer, SilencesAnswer } from '../alerts/answers.ts';
import type { AlertsQuestion, SilencesQuestion } from '../alerts/questions.ts';
import type { Reader } from '../reader.ts';

/**
 * All may throw `QuestionRefused`, SignpostErrors of `asStoreError`, and Postgres' own error when the statement took too
 * long (SQLSTATE 57014, anywhere among the causes).
 */
export interface Queries {
  aggregates(reader: Reader, question: AggregatesQuestion): Promise<AggregatesAnswer>;
  rank(reader: Reader, question: RankQuestion): Promise<RankAnswer>;
  /** @param key of the place; null when there is no such place */
  place(reader: Reader, key: string, question: PlaceQuestion): Promise<PlaceAnswer | null>;
  waves(reader: Reader, question: WavesQuestion): Promise<WavesAnswer>;
  insights(reader: Reader, question: InsightsQuestion): Promise<InsightsAnswer>;
  /** Null when the gazetteer knows no such place. */
  areaStatus(reader: Reader, question: AreaStatusQuestion): Promise<AreaStatusAnswer | null>;
  /** The name of the area that was meant, where there is none; null where none is near enough. */
  nearestArea(reader: Reader, question: AreaStatusQuestion): Promise<string | null>;
  facets(reader: Reader): Promise<FacetsAnswer>;
  overview(reader: Reader): Promise<OverviewAnswer>;
  alerts(reader: Reader, question: AlertsQuestion): Promise<AlertsAnswer>;
  /** Null when there is none that the reader may see. */
  alert(reader: Reader, id: string): Promise<AlertAnswer | null>;
  silences(reader: Reader, question: SilencesQuestion): Promise<SilencesAnswer>;
}

/** A question that is well-formed and cannot be answered: a cursor of another question, a range too long for hours. */
export class QuestionRefused extends Error {
  override readonly name = 'QuestionRefused';
  /** The parameter. */
  readonly field: string;

  /** @param says a sentence without the parameter's name, like "must be `next` of the answer before" */
  constructor(field: string, says: string) {
    super(says);
    this.field = field;
  }
}
