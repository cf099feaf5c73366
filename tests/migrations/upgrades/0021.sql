-- What an install of version 0021 holds when it is stopped in the middle of its work. For both databases.
-- '-2h' where a moment stands is two hours before now. Ada is an admin, Ben an agent; Maya, Tom, Ines, Noor and Leo
-- opted in, Tom opted out again, Ines is on hold. Ana has no number.

INSERT INTO "user" (id, email, name, role, time_zone, created_at)
VALUES (1, 'ada@example.org', 'Ada Admin', 'admin', 'UTC', '-99h'), (2, 'ben@example.org', 'Ben Agent', 'agent', 'UTC', '-99h');

INSERT INTO setting (name, value, updated_at, updated_by_id)
VALUES
('brand', '"River Friends"', '-99h', 1),
('sending_hours', 'false', '-99h', 1),
('default_region', '"US"', '-99h', 1),
('extra_opt_out_words', '["basta"]', '-99h', 1),
('ledger_key', '"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e"', '-99h', NULL);

INSERT INTO sender (id, channel, address, kind, advanced_opt_out, created_at)
VALUES (1, 'sms', '+14155550100', 'long_code', FALSE, '-99h');

INSERT INTO keyword (id, word, description, frequency, double_opt_in, confirmation, question, created_at, archived_at)
VALUES
(1, 'volunteer', 'River clean-ups', '', FALSE, 'Welcome to {{ keyword }}.', 'Reply YES to confirm.', '-90h', NULL),
(2, 'donate', '', '', TRUE, 'Thank you.', 'Reply YES to confirm.', '-90h', '-60h');

INSERT INTO keyword_word (id, keyword_id, word, normal, is_main)
VALUES (1, 1, 'volunteer', 'volunteer', TRUE), (2, 1, 'helper', 'helper', FALSE), (3, 2, 'donate', 'donate', TRUE);

INSERT INTO person
(id, kind, first_name, last_name, sort_name, mobile, email, company, time_zone, zones, notes, created_at, updated_at)
VALUES
(1, 'contact', 'Maya', 'Chen', 'chen maya', '+14155550134', '', '', '', 'America/Los_Angeles', '', '-80h', '-80h'),
(2, 'contact', 'Tom', 'Baker', 'baker tom', '+16465550177', '', '', '', 'America/New_York', '', '-80h', '-80h'),
(3, 'contact', 'Ines', 'Duarte', 'duarte ines', '+13125550118', '', '', '', 'America/Chicago', '', '-80h', '-80h'),
(4, 'lead', 'Noor', 'Haddad', 'haddad noor', '+12065550163', '', '', '', 'America/Los_Angeles', '', '-80h', '-80h'),
(5, 'contact', 'Leo', 'Park', 'park leo', '+12065550150', '', '', '', 'America/Los_Angeles', '', '-80h', '-80h'),
(6, 'contact', 'Ana', 'Ruiz', 'ruiz ana', NULL, 'ana@example.org', 'City Parks', '', '', 'Calls back', '-80h', '-80h');

INSERT INTO campaign (id, channel, name, description, status, keyword_id, owner_id, created_at, updated_at)
VALUES (1, 'sms', 'Clean-up', '', 'in_progress', 1, 1, '-70h', '-70h');

INSERT INTO campaign_member (id, campaign_id, person_id, number, zones, added_at, added_by_id, removed_at)
VALUES
(1, 1, 1, '+14155550134', 'America/Los_Angeles', '-40h', 1, NULL),
(2, 1, 2, '+16465550177', 'America/New_York', '-40h', 1, NULL),
(3, 1, 3, '+13125550118', 'America/Chicago', '-40h', 1, NULL),
(4, 1, 4, '+12065550163', 'America/Los_Angeles', '-40h', 1, NULL),
(5, 1, 5, '+12065550150', 'America/Los_Angeles', '-40h', 1, NULL),
(6, 1, 6, NULL, '', '-40h', 1, '-30h');

INSERT INTO conversation
(id, channel, number, created_at, last_message_at, preview, unread, version, sender_id, assigned_to_id)
VALUES
(1, 'sms', '+14155550134', '-50h', '-50h', 'Volunteer!', 0, 2, 1, NULL),
(2, 'sms', '+16465550177', '-49h', '-20h', 'STOP', 1, 3, 1, NULL),
(3, 'sms', '+13125550118', '-48h', '-10h', 'how do I stop this', 1, 3, 1, 2),
(4, 'sms', '+12065550163', '-47h', '-47h', 'volunteer', 0, 2, 1, NULL),
(5, 'sms', '+12065550150', '-46h', '-46h', 'helper', 0, 2, 1, NULL);

INSERT INTO broadcast
(id, channel, campaign_id, keyword_id, sender_id, body, state, form_key, created_at, created_by_id, starts_at, started_at,
 finished_at)
VALUES
(1, 'sms', 1, 1, 1, 'Bring gloves', 'sent', 'form 1', '-30h', 1, NULL, '-30h', '-29h'),
(2, 'sms', 1, 1, 1, 'Saturday at 9, {{ first_name | friend }}', 'sending', 'form 2', '0h', 1, NULL, '0h', NULL),
(3, 'sms', 1, 1, 1, 'See you, {{ first_name | friend }}', 'scheduled', 'form 3', '-2h', 1, '-1h', NULL, NULL);

-- Texts that came in.
INSERT INTO message
(id, channel, direction, sid, conversation_id, number, sender_id, body, segments, media_count, status, created_at,
 updated_at, meaning, effect, attempts, error_text)
VALUES
(1, 'sms', 'inbound', 'SMa1', 1, '+14155550134', 1, 'Volunteer!', 1, 0, 'received', '-50h', '-50h', 'keyword', '', 0, ''),
(2, 'sms', 'inbound', 'SMa2', 2, '+16465550177', 1, 'volunteer', 1, 0, 'received', '-49h', '-49h', 'keyword', '', 0, ''),
(3, 'sms', 'inbound', 'SMa3', 3, '+13125550118', 1, 'volunteer', 1, 0, 'received', '-48h', '-48h', 'keyword', '', 0, ''),
(4, 'sms', 'inbound', 'SMa4', 4, '+12065550163', 1, 'volunteer', 1, 0, 'received', '-47h', '-47h', 'keyword', '', 0, ''),
(5, 'sms', 'inbound', 'SMa5', 5, '+12065550150', 1, 'helper', 1, 0, 'received', '-46h', '-46h', 'keyword', '', 0, ''),
(6, 'sms', 'inbound', 'SMa6', 2, '+16465550177', 1, 'STOP', 1, 0, 'received', '-20h', '-20h', 'opt_out', '', 0, ''),
(7, 'sms', 'inbound', 'SMa7', 3, '+13125550118', 1, 'how do I stop this', 1, 0, 'received', '-10h', '-10h', 'ordinary', '',
 0, '');

-- What went out, and what waits: Leo's is claimed by a worker that was killed, Tom and Ines must not get theirs.
INSERT INTO message
(id, channel, direction, sid, conversation_id, number, sender_id, body, segments, media_count, status, created_at,
 updated_at, effect, purpose, reply_kind, broadcast_id, person_id, author_id, form_key, opt_in_id, lease_until, attempts,
 started_at, sent_at, error_text)
VALUES
(11, 'sms', 'outbound', 'SMb1', 1, '+14155550134', 1, 'Bring gloves', 1, 0, 'delivered', '-30h', '-29h', '', 'campaign',
 NULL, 1, 1, 1, NULL, NULL, NULL, 1, '-30h', '-30h', ''),
(12, 'sms', 'outbound', NULL, NULL, '+14155550134', 1, '', 0, 0, 'queued', '0h', '0h', '', 'campaign',
 NULL, 2, 1, 1, NULL, NULL, NULL, 0, NULL, NULL, ''),
(13, 'sms', 'outbound', NULL, NULL, '+16465550177', 1, '', 0, 0, 'queued', '0h', '0h', '', 'campaign',
 NULL, 2, 2, 1, NULL, NULL, NULL, 0, NULL, NULL, ''),
(14, 'sms', 'outbound', NULL, NULL, '+13125550118', 1, '', 0, 0, 'queued', '0h', '0h', '', 'campaign',
 NULL, 2, 3, 1, NULL, NULL, NULL, 0, NULL, NULL, ''),
(15, 'sms', 'outbound', NULL, NULL, '+12065550163', 1, '', 0, 0, 'queued', '0h', '0h', '', 'campaign',
 NULL, 2, 4, 1, NULL, NULL, NULL, 0, NULL, NULL, ''),
(16, 'sms', 'outbound', NULL, NULL, '+12065550150', 1, '', 0, 0, 'claimed', '0h', '0h', '', 'campaign',
 NULL, 2, 5, 1, NULL, NULL, '-1h', 0, NULL, NULL, ''),
(17, 'sms', 'outbound', NULL, 4, '+12065550163', 1, 'Can you bring the boat?', 1, 0, 'queued', '0h', '0h', '', 'one_to_one',
 NULL, NULL, 4, 2, 'form 4', NULL, NULL, 0, NULL, NULL, ''),
(18, 'sms', 'outbound', NULL, 5, '+12065550150', 1, 'Welcome to volunteer.', 1, 0, 'queued', '0h', '0h', '', 'reply',
 'confirmation', NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, '');

INSERT INTO status_event (id, sid, status, message_id, received_at)
VALUES (1, 'SMb1', 'sent', 11, '-30h'), (2, 'SMb1', 'delivered', 11, '-29h');

INSERT INTO opt_in
(id, channel, number, keyword_id, status, source, text, message_id, message_sid, sender_id, comment, requested_at,
 activated_at, ended_at, end_reason, end_comment)
VALUES
(1, 'sms', '+14155550134', 1, 'active', 'sms', 'Volunteer!', 1, 'SMa1', 1, '', '-50h', '-50h', NULL, NULL, ''),
(2, 'sms', '+16465550177', 1, 'inactive', 'sms', 'volunteer', 2, 'SMa2', 1, '', '-49h', '-49h', '-20h', 'opted_out', ''),
(3, 'sms', '+13125550118', 1, 'active', 'sms', 'volunteer', 3, 'SMa3', 1, '', '-48h', '-48h', NULL, NULL, ''),
(4, 'sms', '+12065550163', 1, 'active', 'sms', 'volunteer', 4, 'SMa4', 1, '', '-47h', '-47h', NULL, NULL, ''),
(5, 'sms', '+12065550150', 1, 'active', 'sms', 'helper', 5, 'SMa5', 1, '', '-46h', '-46h', NULL, NULL, '');

INSERT INTO opt_in_person (opt_in_id, person_id, linked_at)
VALUES (1, 1, '-50h'), (2, 2, '-49h'), (3, 3, '-48h'), (4, 4, '-47h'), (5, 5, '-46h');

INSERT INTO suppression (id, channel, number, started_at, asked_at, message_id)
VALUES (1, 'sms', '+16465550177', '-20h', '-20h', 6);

INSERT INTO provider_block (id, scope, number, cause, started_at, message_id)
VALUES (1, '+14155550100', '+16465550177', 'word', '-20h', 6);

INSERT INTO hold (id, channel, number, started_at, message_id, cause, "trigger")
VALUES (1, 'sms', '+13125550118', '-10h', 7, 'sentence', 'stop');

INSERT INTO consent_event (id, channel, at, kind, source, keyword_id, opt_in_id, message_sid, detail, number_ref, payload_hash)
VALUES
(1, 'sms', '-50h', 'activated', 'sms', 1, 1, 'SMa1', '',
  'ce4886dcef6fd405478a38e969342235c9aef3b276160bc7ce220b4b37e553aa',
  '0d7153a87009449e9b3c1303401f7e2d3f5a11368cfde3422b9e74da595e9f15'),
(2, 'sms', '-49h', 'activated', 'sms', 1, 2, 'SMa2', '',
  '7d3d9e816f555ecfacb19eef4db04fef944030b2c17410e772fe863976f803d1',
  'e1c5f41dc913840a1e8a53d6a6cdeba744206ba3f53689ef37c2e546efbee3f0'),
(3, 'sms', '-48h', 'activated', 'sms', 1, 3, 'SMa3', '',
  '61bfe9effb1a6b686ba7773007d4768dfd22119c763a5e06448269177826c4fa',
  '79057460eb5b692e78ea41265d075e653d24e20a2ec8b05f26164e04ae2698e6'),
(4, 'sms', '-47h', 'activated', 'sms', 1, 4, 'SMa4', '',
  '00983a8e28ab5aec46a168f836b35b215afda187e7e4b53ccf1a101b92442c12',
  'fa9e51fb61c766235792d3a21d675815f5903f41d40a34ddbf53dbb7c26bff3c'),
(5, 'sms', '-46h', 'activated', 'sms', 1, 5, 'SMa5', '',
  'f8ac6a571d24534829f91cb94679c054e789f59b3110234be5f176b6350dd225',
  '665627d3c529e7f86db3933377cc3cf2fbb79244b124c71b8f531eaacb1b0362'),
(6, 'sms', '-20h', 'opted_out', 'sms', 1, 2, 'SMa6', '',
  '7d3d9e816f555ecfacb19eef4db04fef944030b2c17410e772fe863976f803d1',
  '0116ed7ef3b6a11e60f03386ec61fda7e88424c665332cb6871a1538d142a614'),
(7, 'sms', '-20h', 'blocked', 'sms', NULL, NULL, 'SMa6', '',
  '7d3d9e816f555ecfacb19eef4db04fef944030b2c17410e772fe863976f803d1',
  '5fd4bd679ce7c9fb04d72e8a201da10519394caae724abcc0c33592533264158'),
(8, 'sms', '-10h', 'held', 'sms', NULL, NULL, 'SMa7', '',
  '61bfe9effb1a6b686ba7773007d4768dfd22119c763a5e06448269177826c4fa',
  'fee67a4bef07099d5b86846582550e12b4fccbfbd3c8fa14aecf077f7d6c1a7b');

INSERT INTO consent_payload (event_id, salt, number, text)
VALUES
(1, '00000000000000000000000000000001', '+14155550134', 'Volunteer!'),
(2, '00000000000000000000000000000002', '+16465550177', 'volunteer'),
(3, '00000000000000000000000000000003', '+13125550118', 'volunteer'),
(4, '00000000000000000000000000000004', '+12065550163', 'volunteer'),
(5, '00000000000000000000000000000005', '+12065550150', 'helper'),
(6, '00000000000000000000000000000006', '+16465550177', 'STOP'),
(7, '00000000000000000000000000000007', '+16465550177', 'STOP'),
(8, '00000000000000000000000000000008', '+13125550118', 'how do I stop this');

-- What is kept besides: counts as they were cached (one of them asked for again), templates, a draft, the trail.
INSERT INTO figure (name, value, counted_at, seconds, asked_at)
VALUES
('members:1', '5', '-1h', 0.1, '-1h'),
('deliverability:1:1', '{"will_receive": 3, "opted_out": 1, "on_hold": 1}', '-1h', 0.1, NULL),
('statuses:1', '{"delivered": 1}', '-1h', 0.1, '-1h');

INSERT INTO message_template (id, name, body, updated_at, updated_by_id)
VALUES (1, 'Thanks', 'Thank you, {{ first_name | friend }}!', '-40h', 1);

INSERT INTO kept_draft (user_id, campaign_id, form, kept_at)
VALUES (2, 1, '{"body": "Not yet"}', '-3h');

INSERT INTO audit_entry (id, at, user_id, action, subject_kind, subject_id, field, "before", "after")
VALUES (1, '-70h', 1, 'created', 'campaign', 1, '', '', ''), (2, '-60h', 1, 'archived', 'keyword', 2, '', '', '');

INSERT INTO reconciliation (name, done_until, lease_until, finished_at, found, problem)
VALUES ('inbound', '-1h', NULL, '-1h', 0, '');

INSERT INTO user_session (id, token_hash, user_id, browser, address, created_at, seen_at)
VALUES (1, 'of-ada', 1, 'Firefox on Linux', '127.0.0.1', '-9h', '-1h');
