/** @file Store strings in the browser, where it allows that. */

/** sessionStorage, where the browser allows it. */
export function sessionStore() {
  return guardedStore(() => window.sessionStorage);
}

/** localStorage, where the browser allows it. */
export function localStore() {
  return guardedStore(() => window.localStorage);
}

/** @param {() => Storage} open which may throw, as may every use */
function guardedStore(open) {
  /**
   * @template Result
   * @param {(storage: Storage) => Result} action
   * @returns {Result | null}
   */
  const attempt = (action) => {
    try {
      return action(open());
    } catch {
      return null;
    }
  };
  return {
    /** @param {string} key */
    get: (key) => attempt((storage) => storage.getItem(key)),
    /**
     * @param {string} key
     * @param {string} value
     */
    set: (key, value) => void attempt((storage) => storage.setItem(key, value)),
    /** @param {string} key */
    remove: (key) => void attempt((storage) => storage.removeItem(key)),
    /** @param {string} key */
    take: (key) =>
      attempt((storage) => {
        const value = storage.getItem(key);
        storage.removeItem(key);
        return value;
      }),
  };
}
