-- The key that an invitation rests on; none where a person or the operator invited.
ALTER TABLE invitations ADD COLUMN inviter_key UUID;
