/** Zeros are written in portions of so many bytes. */
const PORTION = 64 * 1024;

/**
 * Writes tables anew, so that nothing of the rows once deleted from them is left in the database's file: SQLite only marks
 * their bytes as free, and an object may neither `VACUUM` nor switch `secure_delete` on. The old pages are filled with
 * zeros. What the log of the last writes (`-wal`) still has goes when the object falls asleep.
 *
 * Costs as many rows as the tables have.
 * @param tables without indexes of their own beside keys
 */
export function wipe(storage: DurableObjectStorage, tables: readonly string[]): void {
  const { sql } = storage;
  storage.transactionSync(() => {
    // First of all: a new page is taken from the free ones, and not emptied before use.
    fillFreePages(sql);
    for (const table of tables) {
      const made = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?";
      const { sql: create } = sql.exec<{ sql: string }>(made, table).one();
      sql.exec(`ALTER TABLE ${table} RENAME TO old_${table}`);
      sql.exec(create);
      sql.exec(`INSERT INTO ${table} SELECT * FROM old_${table}`);
    }
    for (const table of tables) sql.exec(`DROP TABLE old_${table}`);
    fillFreePages(sql);
  });
}

/** How many there are can't be asked: as much is written as would fill the whole file. */
function fillFreePages(sql: SqlStorage): void {
  const portions = Math.ceil(sql.databaseSize / PORTION);
  sql.exec("CREATE TABLE zeros (zero BLOB)");
  for (let portion = 0; portion < portions; portion++) {
    sql.exec("INSERT INTO zeros VALUES (zeroblob(?))", PORTION);
  }
  sql.exec("DROP TABLE zeros");
}
