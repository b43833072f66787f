/** A person in the simulation. */
export interface User {
  readonly id: string;
  readonly first_name: string;
  readonly last_name: string;
}

const FIRST_NAMES = [
  "Ada",
  "Ben",
  "Chiara",
  "Dmitri",
  "Esra",
  "Femi",
  "Greta",
  "Hugo",
  "Ines",
  "Jonas",
  "Keiko",
  "Liam",
];
const LAST_NAMES = [
  "Abel",
  "Brandt",
  "Costa",
  "Dubois",
  "Eriksen",
  "Fischer",
  "Grant",
  "Haddad",
  "Ito",
  "Jansen",
  "Kaya",
];

type UserRow = { user_id: string; first_name: string; last_name: string };

export class Users {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(userId: string): User | null {
    const [row] = this.#sql.exec<UserRow>("SELECT * FROM users WHERE user_id = ?", userId).toArray();
    return row ? { id: row.user_id, first_name: row.first_name, last_name: row.last_name } : null;
  }

  /** @returns The user, made with a name derived from the id if nobody had that id. */
  findOrMake(userId: string): User {
    return this.find(userId) ?? this.rename(userId, {});
  }

  /** Makes the user if need be, and changes the names given. */
  rename(
    userId: string,
    names: { readonly first_name?: string | undefined; readonly last_name?: string | undefined },
  ): User {
    const before = this.find(userId) ?? { id: userId, ...nameFor(userId) };
    const user: User = {
      id: userId,
      first_name: names.first_name ?? before.first_name,
      last_name: names.last_name ?? before.last_name,
    };
    this.#sql.exec(
      "INSERT OR REPLACE INTO users (user_id, first_name, last_name) VALUES (?, ?, ?)",
      user.id,
      user.first_name,
      user.last_name,
    );
    return user;
  }
}

/** The same id always gets the same name, so that screenshots and tests can be compared. */
function nameFor(userId: string): { first_name: string; last_name: string } {
  let sum = 7;
  for (const digit of userId) sum = (sum * 31 + Number(digit)) % 65_521;
  return {
    first_name: FIRST_NAMES[sum % FIRST_NAMES.length] ?? "Ada",
    last_name: LAST_NAMES[Math.floor(sum / FIRST_NAMES.length) % LAST_NAMES.length] ?? "Abel",
  };
}
