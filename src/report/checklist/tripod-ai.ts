/** An item of the checklist, in our own short words. */
export interface TripodItem {
  /** 1 to 27. */
  readonly number: number;
  readonly section:
    "Title and abstract" | "Introduction" | "Methods" | "Open science" | "Involvement" | "Results" | "Discussion";
  readonly topic: string;
  readonly asks: string;
}

/** The publication of the checklist. */
export const TRIPOD_AI_SOURCE =
  "Collins GS, Moons KGM, Dhiman P, et al. TRIPOD+AI statement. BMJ 2024;385:e078378, doi:10.1136/bmj-2023-078378";

const item = (number: number, section: TripodItem["section"], topic: string, asks: string): TripodItem => ({
  number,
  section,
  topic,
  asks,
});

/** The 27 main items of TRIPOD+AI. Each summarizes its sub-items. */
export const TRIPOD_AI: readonly TripodItem[] = [
  item(1, "Title and abstract", "Title", "Names development or evaluation, the population and the outcome."),
  item(2, "Title and abstract", "Abstract", "Summarizes aims, data, methods, results and conclusion."),
  item(3, "Introduction", "Background", "Explains the context of use, existing models, users, and known inequalities."),
  item(4, "Introduction", "Objectives", "States the aims: development, evaluation, or both."),
  item(5, "Methods", "Data", "Names sources and dates of the data, and whom they represent."),
  item(6, "Methods", "Participants", "Describes setting, eligibility, and what was left out."),
  item(7, "Methods", "Data preparation", "Describes cleaning and quality checks."),
  item(8, "Methods", "Outcome", "Defines what is predicted, and how it was assessed."),
  item(9, "Methods", "Predictors", "Defines the inputs of the model and how they were chosen."),
  item(10, "Methods", "Sample size", "Explains the size of the data, for development and for evaluation."),
  item(11, "Methods", "Missing data", "Describes how missing data were handled."),
  item(
    12,
    "Methods",
    "Analytical methods",
    "Describes division of the data, model, training, measures and how predictions are made.",
  ),
  item(13, "Methods", "Class imbalance", "States whether the balance of classes was changed, and how."),
  item(14, "Methods", "Fairness", "Describes how fairness was addressed."),
  item(15, "Methods", "Model output", "Names the output, and how a class or threshold is chosen."),
  item(
    16,
    "Methods",
    "Training versus evaluation",
    "Names differences between the data of development and of evaluation.",
  ),
  item(17, "Methods", "Ethical approval", "Names the approval and the consent."),
  item(18, "Open science", "Open science", "Names funding, interests, protocol, registration, data and code."),
  item(19, "Involvement", "Patients and public", "Describes the involvement of patients and the public."),
  item(20, "Results", "Participants", "Describes the flow of the data and their characteristics in each part."),
  item(21, "Results", "Model development", "Gives the numbers of texts and outcomes in each analysis."),
  item(22, "Results", "Model specification", "Gives what is needed to predict with the model."),
  item(23, "Results", "Model performance", "Gives measures with intervals, also for groups."),
  item(24, "Results", "Model updating", "Gives the result of updating, such as recalibration."),
  item(25, "Discussion", "Interpretation", "Interprets the results, with the aims and other evidence."),
  item(26, "Discussion", "Limitations", "Discusses limits and their effect."),
  item(27, "Discussion", "Usability", "Describes poor inputs, the user's part, and next steps."),
];
