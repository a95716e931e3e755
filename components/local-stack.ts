/** The one stack that may build on stand-ins. Its images never leave the machine. */
export const localStack = "local";
