-- Who is who: learns from the records themselves which of them are one person.
--
-- Nothing is said of how to compare or what to compare; the model finds out what the columns hold,
-- which values are rare enough to mean something, and which records are worth comparing. Look at it
-- with
--     SELECT * FROM entity_parameters('matching.customer_match');
--     SELECT * FROM entity_explain('matching.customer_match', 'crm:...', 'shop:...');
-- What humans have decided (matching.same_person, matching.other_person) always holds.
CREATE MODEL matching.customer_match
    OPTIONS (
        model_type = 'entity_resolution',
        unique_id = 'record',
        must_link = 'matching.same_person',
        cannot_link = 'matching.other_person'
    )
AS
SELECT record, given_name, family_name, email, phone, birth_date, street, postcode, city, country
FROM staging.person;
