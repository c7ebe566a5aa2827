import type { Survey, SurveyBoard } from '#app/ports/survey-board';

/** Surveys in memory. */
export class FakeSurveyBoard implements SurveyBoard {
  readonly #surveys = new Map<string, Survey>();

  async read(): Promise<ReadonlyMap<string, Survey>> {
    return new Map(this.#surveys);
  }

  async write(target: string, survey: Survey): Promise<void> {
    this.#surveys.set(target, survey);
  }

  async forget(targets: readonly string[]): Promise<void> {
    for (const target of targets) this.#surveys.delete(target);
  }
}
