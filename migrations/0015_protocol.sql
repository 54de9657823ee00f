-- Which request fields a worker heeds, by what it names in `alive`; null is one that names nothing.
SET lock_timeout = '5s';

ALTER TABLE workers ADD COLUMN protocol integer;
