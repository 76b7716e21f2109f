"""The hashes of chat templates that model families publish, and of those that TRL trains with instead."""

from __future__ import annotations

HASHES = frozenset(
    {
        "90c33aee14aa2a226127516d48ee9184c9b90745d4a04c484621ec2e82fb712c",  # cohere
        "2147c474f41b522b7296f74692b9f31e45f49a31465960576a9d321339c5915a",  # cohere2
        "7e5836a74c01d22504306273f8a7b49f944f6b960efee67609c07eef0a9ba295",  # cohere2_training
        "5f9718bfe3a1945366ea792b9714e42aa5849f1d41a1093c2ce4da4a77383996",  # cohere_training
        "563b1ce7d61d50a9b4c7439a912a1116f095b712df5b5e4d3e1116049874eb64",  # deepseekv3
        "aadb4942004c186f9ba97d28f653d7f2e0dc20e4275352a486f7cafbe4dd7b51",  # deepseekv3_training
        "9aeb7eac68ad87bba7567e9d4597ff203e5609f1b427d9e823437d0142cc61bf",  # diffusion_gemma
        "cf1664f301605c2fa7e361a18b5b60aaf3896b3f8e2626b96869a99c8e8a71f9",  # diffusion_gemma_training
        "ecd6ae513fe103f0eb62e8ab5bfa8d0fe45c1074fa398b089c93a7e70c15cfd6",  # gemma
        "8d9e3a3c114fb2053ec500184677af4f7e5f8ec2582443cd535834e68b3ade29",  # gemma3
        "f168271feb9abc530eeaf742fa0e6aeeec7266ade5370f0cd035c9ba7a0b6f4e",  # gemma3_training
        "ee06c456c3a7f9b11598f2ccb8ac64c248d962e17cdc53ff414e6427051d3847",  # gemma_training
        "44f815868bf02fa458dd2f741a338046f4bf45f398eb6d067766726b9d96cce3",  # glm4moe
        "ad143c0a4d83db00006607e91c3990ed6a6e14e2d20f10177356d5ab14d1a29c",  # glm4moe_training
        "a4c9919cbbd4acdd51ccffe22da049264b1b73e59055fa58811a99efbd7c8146",  # gptoss
        "6adda7cea0f63ef14918be7f26100b324525b6185a8f06932914388ffaa52e32",  # gptoss_training
        "0d7e56ca41705b79932de707b22bc855c3cfcefae62f1ac5e458560654883d2e",  # idefics3
        "b3d230222aae242eeda373f36f08c7170557dcbd4a93dfb2d2d3c718ee777654",  # idefics3_training
        "cef187400d62a59507aab3a642ea9a8d2a2ef263562bc3430560e116945273cf",  # lfm2
        "6d65c8804847ad74eea912dd7eca3dc1cf7a457b53a77f47d841a14121910963",  # lfm2_2_5
        "fc29163f52185634af234b57c358b231f22e9a266f8ecba90627e47a03626103",  # lfm2_training
        "ba03a121d097859c7b5b9cd03af99aafe95275210d2876f642ad9929a150f122",  # llama3
        "93c0e9aa3629bbd77e68dbc0f5621f6e6b23aa8d74b932595cdb8d64684526d7",  # llama3_1
        "d82792f95932f1c9cef5c4bd992f171225e3bf8c7b609b4557c9e1ec96be819f",  # llama3_2
        "bc213ef03ac49e40c58b11933b109235e63d25f13e7cd4df966c577966d2345e",  # llama3_training
        "2c17243a977fd0643fb549a509a8e2684f45517df0f9f608d5893b719f16569f",  # llava_next
        "ae0ba79488f7c225ae69dc33d7d3ba3c23b1973c04d82cdd5f3f4cd165109742",  # llava_next_training
        "43a92aacc2e169bb37055e4d8b0df31edfdc8657d8c387fcf98254cb246e626a",  # nemotron_3_nano
        "27f60673625fd5c999a19c6adf6e8d1a9652bc53b57cf0876b44c63b9609a969",  # nemotron_3_nano_training
        "3b74d76d8b903752e764cae114ae8ae2f24cd260466cf672570c745219573d28",  # nemotron_3_super
        "419481c732d993adc3443a0e8328407dbecb23c9a92fa2bc9c4bfb0624b0e298",  # nemotron_3_super_training
        "82753bef5cedc4932c1ed509b5c9a12be680fd86d1adb65bc3f7398d11c8eebc",  # nemotron_3_ultra
        "d61cca230ac4f8137e74e88d73d8a649e4c3a71bb79b82925a19cf6dc52a6c7e",  # nemotron_3_ultra_training
        "dcaee66df77bfbb789ec541fe713218da30225a526f1db97138fc39ee6dc56aa",  # phi3
        "78d976a442bcde2f0be15aafbb8e3050e1104f86732266f68403251b89982a90",  # phi3_5
        "a76a9651a9785afe269c6b91598d55f03ab8adf3d8489a4a9c8ef432128b7c08",  # phi3_5_training
        "e07f1f264b65432cef327dc6be58004bfaf44eb6ed305abae42c33211c1cc92e",  # phi3_training
        "55b2f4a26ac9ee719330a61a0c39d9e538b0e9322212f048326318cff4f8674a",  # qwen2_5
        "f3714f7117c9d447db80ceb3fcb67a64ba08d149dd4434fe53add9c7f1dd344b",  # qwen2_5_training
        "a0bc6f6fc7a29a80017a433e8f03a1cc1236e838a944a2d034295a60c4f2fddb",  # qwen2_5_vl
        "31c85932a6d8826f0fe8d52b81767eba6b869128b0a7c7503d1e7baaad4e8043",  # qwen2_5_vl_training
        "a55ee1b1660128b7098723e0abcd92caa0788061051c62d51cbe87d9cf1974d8",  # qwen3
        "273d8e0e683b885071fb17e08d71e5f2a5ddfb5309756181681de4f5a1822d80",  # qwen3_5_nothink
        "f32fe3e21c20f59d193244181c8b4c324c73a8cd313ddf825633a9ecfd2afad2",  # qwen3_5_nothink_training
        "a4aee8afcf2e0711942cf848899be66016f8d14a889ff9ede07bca099c28f715",  # qwen3_5_think
        "ccf356d8f238e287c047b1ef589850fd6b2b44e6cb29079e26c635fb9b8111ef",  # qwen3_5_think_training
        "e84f32a23fdda27689f868aa4a1a5621f41133e51a48d7f3efcbea2839574259",  # qwen3_6
        "c5a26eaf3aab77fdc4ec696540ff896713ff0764f552ce9f597ede99fc673034",  # qwen3_6_training
        "64f85b198065d0fba2a81f37e10ed68161ce2c19a754c7100e67e0ca2ee9c326",  # qwen3_instruct_2507
        "48e17aa3caf5bf20075b6e7366864ee943e00b6f0752aadfe8b670c2ab0291a5",  # qwen3_instruct_2507_training
        "1d944ff8f268b611abb296cdd24d0f51981eef1c8647ac321c3a0258f61eb6c9",  # qwen3_training
        "9d879ef91075acbfb2df7e441fd79d60bacfca989cf6d511d2af45c681e94f10",  # qwen3_vl
        "f0b310bf8e64c9dc033756ddd5a0fad3903cc8a0a90ee83aee58d7e4ba313956",  # qwen3_vl_training
    }
)
"""SHA-256 of a template's text without the white space around it."""
