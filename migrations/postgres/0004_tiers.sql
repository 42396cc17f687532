-- What a project has beside its tier.
CREATE TABLE project_addons (
    tenant_id UUID NOT NULL,
    project_id UUID NOT NULL,
    addon TEXT NOT NULL CHECK (addon IN ('security', 'ab_testing')),
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (project_id, addon),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE
);

-- Entries in the order in which they were made (ids are made in that order): what a quota counts.
CREATE INDEX entries_by_age ON entries (service_id, kind, id) WHERE deleted_at IS NULL;
