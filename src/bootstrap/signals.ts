/**
 * Resolves with the name of the first of these signals to come. A second one ends the process at once, for whoever does
 * not want to wait.
 */
export function firstSignal(names: readonly NodeJS.Signals[]): Promise<string> {
  return new Promise((resolve) => {
    let came = false;
    for (const name of names) {
      process.on(name, () => {
        if (came) process.exit(1);
        came = true;
        resolve(name);
      });
    }
  });
}
