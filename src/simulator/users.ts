import * as z from "zod/mini";

const someText = z.string().check(z.minLength(1), z.maxLength(60));

/** The body of `PUT /_sim/users/{psid}`; what it leaves out stays as it is. See docs/simulator.md, "People". */
export const userChangeSchema = z.strictObject({
  first_name: z.exactOptional(someText),
  last_name: z.exactOptional(z.string().check(z.maxLength(60))),
  username: z.exactOptional(someText),
  locale: z.exactOptional(z.string().check(z.regex(/^[a-z]{2,3}_[A-Z]{2}$/))),
  timezone: z.exactOptional(z.number().check(z.minimum(-12), z.maximum(14))),
  gender: z.exactOptional(z.string().check(z.minLength(1))),
  phone_number: z.exactOptional(z.string().check(z.regex(/^\+\d{4,15}$/))),
  profile: z.exactOptional(z.enum(["granted", "no_consent", "unreachable"])),
  available: z.exactOptional(z.boolean()),
});

type UserChange = z.infer<typeof userChangeSchema>;

/** What is to know of a person beside their name. */
export type Traits = Readonly<Required<Omit<UserChange, "first_name" | "last_name" | "phone_number">>> & {
  readonly phone_number: string | null;
};

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
    return this.find(userId) ?? this.change(userId, {});
  }

  /** Makes the user if need be, and changes what is given. */
  change(userId: string, { first_name, last_name, ...traits }: UserChange): User {
    const before = this.find(userId) ?? { id: userId, ...nameFor(userId) };
    const user: User = {
      id: userId,
      first_name: first_name ?? before.first_name,
      last_name: last_name ?? before.last_name,
    };
    this.#sql.exec(
      "INSERT OR REPLACE INTO users (user_id, first_name, last_name) VALUES (?, ?, ?)",
      user.id,
      user.first_name,
      user.last_name,
    );
    if (Object.keys(traits).length > 0) {
      const changed = { ...this.#changedTraits(userId), ...traits };
      this.#sql.exec("INSERT OR REPLACE INTO traits VALUES (?, ?)", userId, JSON.stringify(changed));
    }
    return user;
  }

  traitsOf(user: User): Traits {
    const usual: Traits = {
      username: `${user.first_name}.${user.id}`.toLowerCase(),
      locale: "en_US",
      timezone: 0,
      gender: "",
      phone_number: null,
      profile: "granted",
      available: true,
    };
    return { ...usual, ...this.#changedTraits(user.id) };
  }

  findByPhone(phoneNumber: string): User | null {
    const [row] = this.#sql
      .exec<{ user_id: string }>(
        "SELECT user_id FROM traits WHERE traits ->> 'phone_number' = ?",
        phoneNumber,
      )
      .toArray();
    return row ? this.find(row.user_id) : null;
  }

  #changedTraits(userId: string): Partial<Traits> {
    const [row] = this.#sql
      .exec<{ traits: string }>("SELECT traits FROM traits WHERE user_id = ?", userId)
      .toArray();
    return row ? JSON.parse(row.traits) : {};
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
