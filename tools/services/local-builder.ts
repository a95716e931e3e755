/** The name of the buildx builder that stands for the local BuildKit. */
export const localBuilder = "strata-local";
