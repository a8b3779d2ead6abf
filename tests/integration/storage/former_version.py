"""What the version before keys could be rotated wrote: its own bytes, for a key of 0 to 31.

Used by `test_keys`. One patient, enrolled, at schema 0008.
"""

from typing import Final
from uuid import UUID

import asyncpg

from streamer.crypto.key import KeyEncryptionKey
from streamer.storage import schema

KEY: Final = KeyEncryptionKey(bytes(range(32)))
CHECK_VALUE: Final = "dd787852ba829ffde95d80deeccda9e1"
PATIENT, TEMPLATE = UUID(int=0xA), UUID(int=0xB)
NUMBER: Final = "N1234567"
CODE: Final = bytes.fromhex("dd52e7f7a9554f246de73de9892132e3189ae87b47f306fb35f7f04a7c7c54c7")
TOKEN: Final = "K1AAAAAAAAAAAAAAAAAAAAAAAAA5VQHAQAN6UBNUFVOWU24ACOZOJCUQ5D34"

_NUMBER_HASH: Final = "2efea8c51eeebc56eaf1e2bc6d2d5451ff7786b6717b16708a3a79cdb449d1b1"
_DATA_KEY: Final = (
    "01d049872a7ab31c7233567c7a0a0873353773ee94d3c39806326b5096e3f413b777afd662521415272a3171d898"
    "5048fe9c605f9eb847e10b8a2d61a3"
)
_TEMPLATE_KEY: Final = (
    "01d48467cf8ba9a638ad08d438ebce81b175a1ab06d0a57e1c1a2e5ac6913dc8fe06849bc25efe0e997988e69e4d"
    "21c5c44d6034c7f3d73d035e556319"
)
_PROFILE: Final = (
    "013876dc3258fa52bc23a8c6f33dc01e7e8bbc1e3159ae7d2a63cae238431ae094c4f9c7411b9e140c94505363e0"
    "c28b858b16302a91e700044d117a987bbdbdd1d583e3342ebf69252dc89481fdc579de741896b3abe2e6f6875695"
    "e3352ee191d76c43cdbe1eea53738d838fb24fc67003afef6be1c6f943c8a14cf61db492897d43bff2621dc5a7c3"
    "a7989cebcb965cd69560a03c04e4fce9cebef64c"
)
_VECTOR: Final = (
    "01f0f1604a8b37f8fff8ded49067075b9a53375def7a99d08052a3e1ec6d1f93e31b436e3b31a78d8c3d84a91f15"
    "d33cbdeddc925d67ecf740e1b013075c7c24c6ba816bcefcdc46df4e5c3014378ef00b8add63ca03e87810fa33d4"
    "d6538cc858ba628bde92a16d90623e569b8328dcc2691c4fbd72f9f6c61b0b3f1e6d85e4c9a517793c3ba5bf411b"
    "2e7bf3fe20accb4f3d657d562075f9f19f1fc80851ce96d0ef90f1e37c898ec5b04145f16d6165cd2442fcd62e6e"
    "0e5f6e57edc28177bdfc6a9ad3645795e7ec731e58a7ebbd654b5cfa34faf5b7d5d3eafb38a05bf0e0ea0e37827e"
    "de199e796bbc37a13e0d3e785e9da3e953439f410f0d3cfb8b55561085a6e49a00b99420d734bf530be90cd36c1f"
    "3b44c0d9a6623f587856deba601df430891cb859339d492ce0b68a1705ad914b4248796f6b84b56464b55214e290"
    "59c50086ef17b522e897eb261b5ba14036702fa420a818916a650235444320e75b3c176b8c1ef513bcd2356eb378"
    "6a085c1304d45fe0850c6ae8f6029aaf910ba6419c8f19d256ace6b9f8bfe57b5e3d7e75e005572256552377a4e2"
    "25ab96253b01e43227eeb84f0fa27a1c2515031ce4ea2014f20d4532a91b4a6debd868037f5e39c3382a431867cf"
    "4d6e879fd37e517ec840c5ab61d096e25536bb6492ae0e2912c39207207b0e7a99251e6cfdda72c24c38e382e2a9"
    "6b2a1409da193a871e105efd04a859bb3d31df272bac63257abdc26b3b7ceaf8abbcc0"
)

_ROWS: Final = f"""
    INSERT INTO meta VALUES ('key_check', '{CHECK_VALUE}');
    INSERT INTO sites VALUES ('test-1', 'Polyclinic No. 1', 'Asia/Almaty');
    INSERT INTO patients (patient_id, site_id, patient_ref, wrapped_key, sealed_profile,
                          id_number_hash, is_staff, created_at, updated_at)
    VALUES ('{PATIENT}', 'test-1', 'P-1', '\\x{_DATA_KEY}', '\\x{_PROFILE}', '\\x{_NUMBER_HASH}',
            false, now(), now());
    INSERT INTO consents (consent_id, patient_id, purpose, status, document_ref, given_at)
    VALUES (gen_random_uuid(), '{PATIENT}', 'check-in', 'active', 'C-1', now());
    INSERT INTO templates (template_id, patient_id, consent_id, pack_id, sealed_vector, photos,
                           created_at)
    SELECT '{TEMPLATE}', patient_id, consent_id, 'open', '\\x{_VECTOR}', 2, now() FROM consents;
    INSERT INTO template_keys VALUES ('{TEMPLATE}', '\\x{_TEMPLATE_KEY}');
"""


async def fill(url: str) -> None:
    """Make the former schema in an empty database, and the rows that version wrote."""
    from alembic import command

    config = schema._config()
    command.upgrade(config, "0008", sql=True)
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(config.output_buffer.getvalue())  # type: ignore[union-attr]
            await connection.execute(_ROWS)
    finally:
        await connection.close()
