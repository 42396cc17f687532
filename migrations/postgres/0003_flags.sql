-- How often programs asked for a flag by evaluation, by day since 1970 (UTC): what hints at flags
-- that nobody needs any more.
CREATE TABLE flag_evaluations (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    day BIGINT NOT NULL,
    evaluations BIGINT NOT NULL,
    PRIMARY KEY (entry_id, day),
    FOREIGN KEY (tenant_id, entry_id) REFERENCES entries (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX flag_evaluations_by_day ON flag_evaluations (day);
